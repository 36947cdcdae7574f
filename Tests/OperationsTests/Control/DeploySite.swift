import Balancing
import Foundation
import FoundationNetworking
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import RegistryTestSupport
import Routing
import RoutingConfig
import TestSupport
import Testing

@testable import Operations

/// A server that responds with its name, or with a status, and can be told to wait.
final class NamedOrigin: Sendable {
    let server: ScriptedOrigin
    let status: NIOLockedValueBox<String>
    let held = Gate()
    let paths = NIOLockedValueBox<[String]>([])

    init(_ name: String, status: String = "200 OK") throws {
        let box = NIOLockedValueBox(status)
        let (held, paths) = (held, paths)
        self.status = box
        server = try ScriptedOrigin { socket, _ in
            while true {
                let head = try socket.readHead()
                let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
                paths.withLockedValue { $0.append(path) }
                if head.contains("X-Wait") { held.wait() }
                let status = box.withLockedValue { $0 }
                try socket.write(
                    "HTTP/1.1 \(status)\r\nContent-Length: \(name.utf8.count)\r\n\r\n\(name)"
                )
            }
        }
    }

    var endpoint: String { "127.0.0.1:\(server.port)" }
}

/// A tier with a control socket, and a container.
final class DeploySite: Sendable {
    static let rules = """
        pools:
          - name: api
            endpoints: [127.0.0.1:OLD]
          - { name: checked, endpoints: [127.0.0.1:OLD], health: { path: /up, start: down, rise: 2, interval: 2s, timeout: 1s } }
        rules:
          - { name: api, path: '=/', to: api }
          - { name: checked, path: '=/checked', to: checked }
          - { name: new, path: '=/new', to: new }
          - { name: narrow, path: '=/narrow', to: narrow, endpoint_networks: [127.0.0.0/8] }
        names:
          - static: { narrow: 127.0.0.1:OLD }
        """

    let old: NamedOrigin
    let socket = "/tmp/berth-\(UUID().uuidString.prefix(8)).sock"
    private let loops: Int
    private let running = NIOLockedValueBox<TierService?>(nil)

    init(loops: Int = 2) throws {
        self.loops = loops
        old = try NamedOrigin("old")
    }

    var service: TierService {
        get throws { try #require(running.withLockedValue { $0 }) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: socket + ".state")
        old.server.stop()
    }

    var pools: PoolsClient { PoolsClient(ControlAddress(path: socket)) }
    var file: String { socket + ".state" }

    func start(rules: String = DeploySite.rules) async throws {
        let text = rules.replacing("OLD", with: "\(old.server.port)")
        let service = try await TierService.start(
            TierPlan(name: "front", configuration: try ConfigurationLoader.load(text: text)),
            options: TierService.Options(
                listen: [Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 0)],
                loops: loops,
                accessLog: .off,
                drain: .seconds(1),
                admin: ControlAddress(path: socket)
            ),
            logger: LogCapture().logger()
        )
        running.withLockedValue { $0 = service }
    }

    func stop() async { await running.withLockedValue { $0 }?.stop() }

    func get(_ path: String = "/", waits: Bool = false) async throws -> (status: Int, body: String) {
        let url = try #require(URL(string: "http://\(try service.tier.endpoints[0])\(path)"))
        var request = URLRequest(url: url)
        if waits { request.setValue("1", forHTTPHeaderField: "X-Wait") }
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    func bodies(_ path: String = "/", count: Int = 8) async throws -> Set<String> {
        var found: Set<String> = []
        for _ in 0..<count { found.insert(try await get(path).body) }
        return found
    }

    static func run(loops: Int = 2, _ body: (DeploySite) async throws -> Void) async throws {
        let site = try DeploySite(loops: loops)
        try await site.start()
        do {
            try await body(site)
        } catch {
            Issue.record(error)
        }
        await site.stop()
    }

    static func request(
        _ endpoints: String...,
        change: (inout DeployRequest) -> Void = { _ in }
    ) -> DeployRequest {
        var request = DeployRequest(endpoints: endpoints)
        request.timeout = 10
        request.interval = 0.01
        change(&request)
        return request
    }

    static func problem<Value>(
        _ body: () async throws(ControlClient.Problem) -> Value
    ) async -> ControlClient.Problem? {
        do throws(ControlClient.Problem) {
            _ = try await body()
            return nil
        } catch {
            return error
        }
    }
}
