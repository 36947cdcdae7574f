import Bytes
import FoundationEssentials

/// What `berth top` shows of a running tier at one moment.
package struct TopView: Sendable {
    /// Rows of each table.
    private static let rows = 10

    private let status: StatusReport
    private let traffic: TrafficFigures?
    private let hosts: HostFigures?
    private let pools: PoolsReport

    /// Reads it. What the tier does not offer is left out.
    package init(_ client: AdminClient) async throws(ControlClient.Problem) {
        status = try await client.status()
        traffic = try await client.traffic()
        hosts = try await client.topHosts(limit: Self.rows)
        pools = try await client.pools()
    }

    init(status: StatusReport, traffic: TrafficFigures?, hosts: HostFigures?, pools: PoolsReport) {
        self.status = status
        self.traffic = traffic
        self.hosts = hosts
        self.pools = pools
    }

    /// Lines for people; the most important ones first.
    package var lines: [String] {
        var lines = [head]
        lines.append(counts)
        if let error = status.rules.reloads.lastError {
            lines.append("rules not reloaded: " + Printable.text(String(error.prefix { $0 != "\n" })))
        }
        for source in status.names.sources {
            guard let error = source.error else { continue }
            lines.append("names of \(Printable.text(source.name)) are down: \(Printable.text(error))")
        }
        lines += rules + hostLines + endpoints
        return lines
    }

    private var head: String {
        let state = status.draining ? "draining" : status.ready ? "ready" : "not ready"
        return
            "berth \(status.tier) \(status.version)  \(state)  up \(NameListing.span(Int64(status.uptimeSeconds)))  "
            + "process \(status.pid)  rules \(status.rules.count)"
    }

    private var counts: String {
        var words = ["connections \(status.connections)"]
        if let traffic {
            words += [
                "requests/s \(Self.rate(traffic.requestsPerSecond))",
                "errors/s \(Self.rate(traffic.errorsPerSecond))",
                "in flight \(traffic.inFlight)",
            ]
            words += traffic.statuses.sorted { $0.key < $1.key }.filter { $0.value > 0 }
                .map { "\($0.key) \(Self.rate($0.value))" }
        } else {
            words.append("in flight \(status.requestsInFlight)")
        }
        return words.joined(separator: "  ")
    }

    private var rules: [String] {
        guard let traffic, !traffic.rules.isEmpty else { return [] }
        let busiest = traffic.rules.sorted { $0.requestsPerSecond > $1.requestsPerSecond }.prefix(Self.rows)
        return Self.table(
            ["RULE", "REQUESTS/S", "ERRORS/S", "P50", "P99"],
            busiest.map {
                [
                    Printable.text($0.name), Self.rate($0.requestsPerSecond), Self.rate($0.errorsPerSecond),
                    Self.time($0.p50Ms), Self.time($0.p99Ms),
                ]
            }
        )
    }

    private var hostLines: [String] {
        guard let hosts, !hosts.hosts.isEmpty else { return [] }
        return Self.table(
            ["HOST", "REQUESTS", "BYTES", "ERRORS"],
            hosts.hosts.prefix(Self.rows).map {
                [Printable.text($0.host), "\($0.requests)", "\($0.bytes)", "\($0.errors)"]
            }
        )
    }

    /// Endpoints with a problem first, then the busiest.
    private var endpoints: [String] {
        let rates = Dictionary(
            (traffic?.endpoints ?? []).map { ("\($0.pool ?? "-") \($0.endpoint)", $0.requestsPerSecond) }
        ) { $0 + $1 }
        let members = pools.targets.flatMap { target in target.members.map { (target, $0) } }
        let sorted = members.sorted { left, right in
            let (isUp, otherIsUp) = (left.1.state == .up, right.1.state == .up)
            if isUp != otherIsUp { return !isUp }
            if left.1.requests != right.1.requests { return left.1.requests > right.1.requests }
            return (left.0.name, left.1.endpoint) < (right.0.name, right.1.endpoint)
        }
        guard !sorted.isEmpty else { return [] }
        return Self.table(
            ["TARGET", "ENDPOINT", "STATE", "REQUESTS/S", "IN FLIGHT", "CAUSE"],
            sorted.prefix(Self.rows).map { target, member in
                let rate = rates["\(target.pool ?? "-") \(member.endpoint)"]
                return [
                    Printable.text(target.name), member.endpoint, member.state.rawValue,
                    rate.map(Self.rate) ?? "-", "\(member.requests)", Printable.text(member.cause ?? "-"),
                ]
            }
        )
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> [String] {
        [""] + TextColumns.text([head] + rows).split(separator: "\n").map(String.init)
    }

    private static func rate(_ number: Double) -> String {
        number >= 100 ? "\(Int(number.rounded()))" : "\((number * 10).rounded() / 10)"
    }

    private static func time(_ milliseconds: Double?) -> String {
        milliseconds.map { "\(rate($0)) ms" } ?? "-"
    }
}
