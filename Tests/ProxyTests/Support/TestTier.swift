import HashTreeCollections
import Names
import NIOCore
import Routing
import NIOConcurrencyHelpers
import TestSupport

@testable import Proxy
@testable import ProxyCore

/// A real tier on loopback for the length of a test, on a port of the system's choice.
struct TestTier {
    /// A source that has to be asked for every name.
    private static let toAsk = NameLayer(source: "dns", content: .answers([:]))

    let tier: Tier
    let log: RecordedLog

    var port: UInt16 { tier.endpoints[0].port }

    func connect(receiveBuffer: Int32? = nil) throws -> RawSocket {
        try RawSocket.connect(port: port, receiveBuffer: receiveBuffer)
    }

    /// Stops the event loop where it stands, until the gate that this returns is opened.
    func holdLoop() -> Gate {
        let holds = Gate()
        let gate = Gate()
        tier.aWorker.loop.execute {
            holds.open()
            gate.wait()
        }
        holds.wait()
        return gate
    }

    /// Runs `body` with a tier and ends it.
    ///
    /// - Parameters:
    ///   - rules: in order.
    ///   - names: name → ports on loopback.
    ///   - asker: is asked for all other names.
    static func run<Result>(
        rules: [RuleDefinition],
        names: [String: [UInt16]] = [:],
        asker: (any NameResolver)? = nil,
        loops: Int = 1,
        configure: (inout TierSettings) -> Void = { _ in },
        _ body: (TestTier) async throws -> Result
    ) async throws -> Result {
        var settings = TierSettings(name: "front", instance: "test")
        configure(&settings)
        let log = RecordedLog()
        let loopback = IPAddress(v4: 0x7F00_0001)
        let layer = NameLayer(
            source: "static",
            names: names.mapValues { $0.map { NamedAddress(address: loopback, port: $0) } }
        )
        let tier = try Tier.start(
            settings: settings,
            table: try RouteTable(rules),
            names: NameTable(layers: asker == nil ? [layer] : [layer, Self.toAsk]),
            nameResolver: asker,
            listen: [ListenerPlan(Endpoint(address: loopback, port: 0))],
            loops: loops,
            seed: 1,
            makeLog: { LoopLog(log) }
        )
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(TestTier(tier: tier, log: log)))
        } catch {
            outcome = .failure(error)
        }
        _ = await tier.shutDown(limit: .seconds(1))
        return try outcome.get()
    }

    /// One rule that sends every host to one origin.
    static func run<Result>(
        to origin: ScriptedOrigin,
        edit: (inout RuleDefinition) -> Void = { _ in },
        configure: (inout TierSettings) -> Void = { _ in },
        _ body: (TestTier) async throws -> Result
    ) async throws -> Result {
        var rule = RuleDefinition(name: "all", action: .forward(to: "origin"))
        edit(&rule)
        return try await run(rules: [rule], names: ["origin": [origin.port]], configure: configure, body)
    }
}
