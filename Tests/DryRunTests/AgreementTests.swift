import HTTP1
import NIOCore
import Names
import ProxyCore
import Routing
import RoutingConfig
import Settings
import Testing

@testable import DryRun

/// Live traffic and the dry run send a request through the same stages, and each refusal has the same stage
/// and cause. (`Tests/EndToEnd/test_agreement.py` compares whole tiers.)
@Suite struct AgreementTests {
    private static let configuration = """
        limits: { body: 100 }
        trusted_proxies: [10.0.0.0/8]
        names:
          - static: { one: 10.1.0.1, pair: [10.1.0.2, 10.1.0.3], loop: 0.0.0.0 }
          - dns: {}
        rules:
          - { name: gone, host: gone.test, respond: { status: 410 } }
          - { name: moved, host: moved.test, redirect: "http://one.test/", status: 308 }
          - { name: narrow, host: narrow.test, to: one, endpoint_networks: [10.9.0.0/16] }
          - { name: admin, path: "/admin", clients: [192.0.2.0/24], respond: { status: 403 } }
          - { name: by-name, host: "~^(?<name>[a-z]+)\\\\.test$", to: "${name}:8080" }
        """

    private static let requests = [
        "GET / HTTP/1.1\r\nHost: one.test\r\n",
        "GET / HTTP/1.1\r\nHost: pair.test\r\n",
        "POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 100\r\n",
        "POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 101\r\n",
        "GET / HTTP/1.1\r\nHost: one.test\r\nVia: 1.1 berth-front-dry-run\r\n",
        "TRACE / HTTP/1.1\r\nHost: one.test\r\n",
        "GET / HTTP/1.0\r\n",
        "GET / HTTP/1.1\r\nHost: nothing.example\r\n",
        "GET / HTTP/1.1\r\nHost: gone.test\r\n",
        "GET / HTTP/1.1\r\nHost: moved.test\r\n",
        "GET / HTTP/1.1\r\nHost: narrow.test\r\n",
        "GET / HTTP/1.1\r\nHost: loop.test\r\n",
        "GET / HTTP/1.1\r\nHost: unresolved.test\r\n",
        "GET /admin HTTP/1.1\r\nHost: one.test\r\nX-Forwarded-For: 192.0.2.7\r\n",
        "GET /admin HTTP/1.1\r\nHost: one.test\r\nX-Forwarded-For: 198.51.100.7\r\n",
        "GET /%zz HTTP/1.1\r\nHost: one.test\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: one.test\r\n",
    ]

    private static func loaded() throws -> (Configuration, NameTable) {
        let configuration = try ConfigurationLoader.load(text: configuration, file: "rules.yaml")
        return (configuration, try NameTable(offline: configuration.names))
    }

    /// As an event loop does it.
    private static func live(
        _ stages: RequestStages,
        _ bytes: ByteBuffer,
        _ connection: ConnectionInfo
    ) throws -> (stage: RequestStage, cause: Failure.Reason?, decision: Decision?) {
        var head = RequestHead()
        var scanned = 0
        let complete = try head.parse(bytes.readableBytesUInt8Span, scanned: &scanned, limits: .default)
        #expect(complete)
        var route = RequestRoute()
        var untraced: RouteTrace?
        do throws(Failure) {
            try stages.route(head, bytes, from: connection, into: &route, trace: &untraced)
            if route.decision?.forwarding != nil {
                let name = try stages.resolve(&route)
                #expect(name == nil)
                _ = try stages.pick(&route)
            }
            return (route.stage, nil, route.decision?.decision)
        } catch {
            return (route.stage, error.reason, route.decision?.decision)
        }
    }

    @Test(arguments: requests)
    func `Each request gets the same stage, cause and rule in the dry run and live`(request: String) throws {
        let (configuration, names) = try Self.loaded()
        let upstreams = Upstreams(idleLimit: 8, idleTimeout: .seconds(60))
        let settings = TierSettings(
            name: "front",
            instance: "dry-run",
            trustedProxies: configuration.trustedProxies,
            limits: configuration.limits,
            timeouts: configuration.timeouts
        )
        let stages = RequestStages(
            settings: settings,
            table: configuration.table,
            names: names,
            addressGuard: AddressGuard(listening: [], ownAddresses: []),
            canWait: false,
            upstreams: upstreams,
            seed: 7
        )
        let peer = try #require(IPAddress("10.0.0.1"))
        let connection = ConnectionInfo(
            peer: peer,
            localPort: 80,
            trustedProxies: settings.trustedProxies
        )
        let bytes = ByteBuffer(string: request + "\r\n")
        for explain in [false, true] {
            let run = DryRun(
                [DryRunTier("front", configuration, names: .offline(names))],
                frontAddress: nil,
                explain: explain
            )
            var step: DryRunStep?
            run.follow(bytes, from: peer, writesLastHead: false) { step = $1 }
            let dry = try #require(step)
            // The second time the decision may be a cached one.
            for _ in 0..<2 {
                let live = try Self.live(stages, bytes, connection)
                #expect(live.stage == dry.stage)
                #expect(live.cause == dry.failure?.reason)
                #expect(live.decision?.ruleName == dry.decision?.ruleName)
            }
        }
    }

    @Test func `The requests of this test come to every stage that can refuse`() throws {
        let (configuration, names) = try Self.loaded()
        let run = DryRun(
            [DryRunTier("front", configuration, names: .offline(names))],
            frontAddress: nil,
            explain: false
        )
        let peer = try #require(IPAddress("10.0.0.1"))
        var stages: Set<RequestStage> = []
        for request in Self.requests {
            run.follow(ByteBuffer(string: request + "\r\n"), from: peer, writesLastHead: false) { _, step in
                if step.failure != nil { stages.insert(step.stage) }
            }
        }
        #expect(stages == [.admit, .decide, .limits, .resolve])
    }
}
