import HTTP1
import NIOCore
import Names
import Routing

@testable import ProxyCore

/// The stages of one event loop, without a loop.
final class StagesBench {
    let upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60))
    let stages: RequestStages
    private let rules: [RuleDefinition]

    /// - Parameters:
    ///   - keeps: as for live traffic; false: as for the dry run.
    ///   - canWait: names that are not in the table can be resolved.
    init(
        _ rules: [RuleDefinition] = [StagesBench.byName],
        pools: [PoolDefinition] = [],
        names: [String: [NamedAddress]] = [:],
        shared: SharedTargets = SharedTargets(),
        canWait: Bool = false,
        keeps: Bool = true,
        configure: (inout TierSettings) -> Void = { _ in }
    ) throws {
        var settings = TierSettings(name: "front", instance: "bench")
        configure(&settings)
        self.rules = rules
        stages = RequestStages(
            settings: settings,
            table: try RouteTable(rules, pools: try PoolTable(pools)),
            names: Self.table(names),
            addressGuard: AddressGuard(listening: [], ownAddresses: []),
            canWait: canWait,
            upstreams: keeps ? upstreams : nil,
            shared: shared,
            seed: 1
        )
    }

    /// The target is the first label of the host.
    static let byName = RuleDefinition(
        name: "by name",
        host: "~^(?<name>[a-z]+)\\.test$",
        action: .forward(to: "$name")
    )

    static func table(_ names: [String: [NamedAddress]]) -> NameTable {
        NameTable(layers: [NameLayer(source: "test", names: names)])
    }

    static func address(_ last: UInt32, weight: UInt16 = 1, identity: String? = nil) -> NamedAddress {
        NamedAddress(address: IPAddress(v4: 0x0A01_0000 + last), weight: weight, identity: identity)
    }

    func install(_ names: [String: [NamedAddress]], changed: Set<String>?) {
        stages.install(names: NameTableUpdate(table: Self.table(names), changed: changed))
    }

    /// New pools for the same rules.
    func install(pools: [PoolDefinition], names: [String: [NamedAddress]]) throws {
        stages.install(
            table: try RouteTable(rules, pools: try PoolTable(pools)),
            settings: stages.settings,
            names: Self.table(names)
        )
    }

    func route(
        _ request: String,
        into route: inout RequestRoute,
        trace: inout RouteTrace?
    ) throws(Failure) {
        let source = ByteBuffer(string: request)
        var head = RequestHead()
        var scanned = 0
        do {
            guard try head.parse(source.readableBytesUInt8Span, scanned: &scanned, limits: .default) else {
                throw Failure(.internal)
            }
        } catch let error as RequestError {
            throw Failure(error)
        } catch {
            throw Failure(.internal)
        }
        let connection = ConnectionInfo(
            peer: IPAddress(v4: 0xC000_0201),
            localPort: 80,
            trustedProxies: stages.settings.trustedProxies
        )
        try stages.route(head, source, from: connection, into: &route, trace: &trace)
    }

    /// As far as a target's endpoints; without a wait.
    func resolved(_ host: String, fields: String = "") throws(Failure) -> RequestRoute {
        var route = RequestRoute()
        var untraced: RouteTrace?
        try self.route("GET / HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n", into: &route, trace: &untraced)
        guard try stages.resolve(&route) == nil else { throw Failure(.nameTimeout) }
        return route
    }

    /// The last byte of the address that a request for this host goes to.
    func pick(_ host: String) throws(Failure) -> UInt8? {
        var route = try resolved(host)
        return try stages.pick(&route).lastByte
    }
}

extension Upstream {
    /// Of its address.
    var lastByte: UInt8? { endpoint.address.networkBytes.last }
}
