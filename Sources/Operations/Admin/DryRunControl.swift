import Dispatch
import DryRun
import FoundationEssentials
import NIOConcurrencyHelpers
import Proxy
import ProxyCore
import Routing
import SystemSupport

/// `POST /dry-run`: where a URL would go under the rules in force, as `berth test --json` tells it. Nothing is sent to an
/// endpoint; a name that is not known yet is resolved as for a request.
struct DryRunControl: Sendable {
    /// The body.
    struct Body: Codable, Sendable {
        /// `http://www.test.priv/path`
        var url: String
        var method: String?
        /// Fields of the request.
        var headers: [String: String]?
        /// The address that the request comes from (default: 127.0.0.1).
        var client: String?
        /// Whether the result of every rule is shown (default: no).
        var explain: Bool?
    }

    /// Dry runs at a time: each may wait for a name source.
    static let maxRuns = 8
    private static let maxFields = 100

    let admin: TierAdmin
    private let running = NIOLockedValueBox(0)

    init(admin: TierAdmin) { self.admin = admin }

    var routes: [ControlRoute] {
        [
            ControlRoute("POST", "/dry-run", .read, "Where a URL would go under the rules in force.") {
                request async throws(ControlRefusal) in
                try await run(request.body)
            }
        ]
    }

    private func run(_ bytes: [UInt8]) async throws(ControlRefusal) -> ControlResponse {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else {
            throw ControlRefusal(400, #"the body is not like {"url": "http://www.test.priv/"}"#)
        }
        guard let client = IPAddress(body.client ?? "127.0.0.1") else {
            throw ControlRefusal(400, "`client` is not an IP address")
        }
        guard body.headers?.count ?? 0 <= Self.maxFields else {
            throw ControlRefusal(400, "`headers` has more than \(Self.maxFields) fields")
        }
        let isAllowed = running.withLockedValue { running in
            guard running < Self.maxRuns else { return false }
            running += 1
            return true
        }
        guard isAllowed else {
            throw ControlRefusal(503, "\(Self.maxRuns) dry runs are under way: try again")
        }
        defer { running.withLockedValue { $0 -= 1 } }
        var request = DryRunRequest(url: Array(body.url.utf8), client: client)
        request.method = body.method ?? "GET"
        request.headers = (body.headers ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        // It waits for names: not on a thread of tasks.
        let work = DispatchQueue.global(qos: .utility)
        let (sent, explains) = (request, body.explain ?? false)
        let json: [UInt8]? = await withCheckedContinuation { continuation in
            work.async { continuation.resume(returning: follow(sent, explains)) }
        }
        guard let json else { throw ControlRefusal(500, "the result cannot be encoded") }
        return ControlResponse(status: 200, body: json)
    }

    private func follow(_ request: DryRunRequest, _ explains: Bool) -> [UInt8]? {
        let certificates = admin.certificates
        let choice: DryRunTier.Certificates = { certificates.choice(for: $0, port: $1) }
        let machine = DryRunMachine(
            listening: admin.tier.endpoints,
            controlPlane: admin.tier.protectedEndpoints,
            ownAddresses: Tier.ownAddresses(),
            openPorts: OpenPorts.read()
        )
        let tier = DryRunTier(
            admin.tier.settings.name,
            admin.rules.configuration,
            names: .live(admin.names),
            machine: machine,
            certificate: certificates.listeners.isEmpty ? nil : choice
        )
        let report = DryRun([tier], frontAddress: nil, explain: explains, machine: machine).run(request)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(report)).map { [UInt8]($0) + [UInt8(ascii: "\n")] }
    }
}
