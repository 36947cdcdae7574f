import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Proxy
import Routing
import RoutingConfig
import TestSupport
import Testing

@testable import Operations

/// A tier with an admin interface at a socket and at an address.
final class AdminSite: Sendable {
    static let rules = """
        pools:
          - name: api
            endpoints: [127.0.0.1:1]
        rules:
          - { name: api, host: api.test.priv, to: api }
          - { name: tenants, host: '~^(?<app>[a-z]+)\\.tenant\\.test$', to: '${app}:80' }
          - { name: gone, host: gone.test.priv, respond: { status: 410 } }
        names:
          - static: { shop: 127.0.0.1:1, drained: 127.0.0.1:2 }
        """

    let service: TierService
    let socket: AdminClient
    /// With the token for `read`.
    let reader: ControlClient
    let operatorClient: ControlClient
    let capture: LogCapture
    let threshold: LogThreshold
    let path: String
    private let tokens: TokenFile

    private init(
        _ service: TierService,
        _ capture: LogCapture,
        _ threshold: LogThreshold,
        _ tokens: TokenFile,
        _ path: String
    ) {
        self.service = service
        self.capture = capture
        self.threshold = threshold
        self.tokens = tokens
        self.path = path
        socket = AdminClient(ControlClient(ControlAddress(path: path)))
        let address = AdminAddress.endpoint(service.adminEndpoints[0])
        reader = ControlClient(address, token: TokenFile.read)
        operatorClient = ControlClient(address, token: TokenFile.operate)
    }

    static func run(
        rules: String = AdminSite.rules,
        change: (inout TierService.Options) -> Void = { _ in },
        _ body: (AdminSite) async throws -> Void
    ) async throws {
        let tokens = try TokenFile()
        let capture = LogCapture()
        let threshold = LogThreshold(.notice)
        let path = "/tmp/berth-\(UUID().uuidString.prefix(8)).sock"
        var options = TierService.Options(
            listen: [Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 0)],
            loops: 2,
            accessLog: .off,
            drain: .seconds(1),
            admin: ControlAddress(path: path)
        )
        options.admin.addresses = [Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 0)]
        options.admin.tokenFile = tokens.path
        options.logThreshold = threshold
        change(&options)
        let service = try await TierService.start(
            TierPlan(name: "front", configuration: try ConfigurationLoader.load(text: rules)),
            options: options,
            logger: capture.logger()
        )
        let site = AdminSite(service, capture, threshold, tokens, path)
        do { try await body(site) } catch { Issue.record(error) }
        await service.stop()
        try? FileManager.default.removeItem(atPath: path + ".state")
    }

    /// A response of the address.
    func get(
        _ path: String...,
        method: HTTPMethod = .GET,
        token: String?,
        body: [String: String]? = nil
    ) async throws -> ControlResponse {
        let client = ControlClient(.endpoint(service.adminEndpoints[0]), token: token)
        return try await client.response(method, path, body: body)
    }
}
