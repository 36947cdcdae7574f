import Routing
import Settings
import TestSupport

@testable import Proxy
@testable import ProxyCore

/// What a message passes on its way from a client to its origin.
enum Tiers: String, CaseIterable, CustomStringConvertible {
    case one = "one tier"
    case two = "two tiers"

    var description: String { rawValue }

    /// Runs `body` with the outer tier; every host leads to `origin`.
    func run(to origin: ScriptedOrigin, _ body: (TestTier) async throws -> Void) async throws {
        switch self {
        case .one:
            try await TestTier.run(to: origin, body)
        case .two:
            let loopback = CIDR("127.0.0.0/8")
            try await TestTier.run(
                to: origin,
                configure: {
                    $0.name = "local"
                    $0.trustedProxies = [loopback].compactMap(\.self)
                }
            ) { local in
                let rule = RuleDefinition(name: "all", action: .forward(to: "local"))
                try await TestTier.run(rules: [rule], names: ["local": [local.port]], body)
            }
        }
    }

    /// The outer tier, without sockets.
    ///
    /// - Parameter origin: plays what every host leads to.
    func embedded(origin: @escaping EmbeddedTier.Origin) throws -> EmbeddedTier {
        switch self {
        case .one: return try EmbeddedTier(origin: origin)
        case .two:
            let loopback = CIDR("127.0.0.0/8")
            return try EmbeddedTier(
                to: EmbeddedTier(
                    configure: {
                        $0.name = "local"
                        $0.trustedProxies = [loopback].compactMap(\.self)
                    },
                    origin: origin
                )
            )
        }
    }
}
