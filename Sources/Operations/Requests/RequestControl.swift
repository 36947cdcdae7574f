import ProxyCore
import Proxy

/// What the control socket offers of the last requests.
struct RequestControl: Sendable {
    /// Requests in a list, unless a number is given; and at most.
    static let usualLimit = 100
    static let maxLimit = 1000

    let tier: Tier

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/requests", .read, "The last requests; `failed=1`: those that failed.") {
                request async throws(ControlRefusal) in
                .value(try await list(request.query))
            },
            ControlRoute("GET", "/requests/last", .read, "The last request for the `host`, in full.") {
                request async throws(ControlRefusal) in
                .value(try await last(request.query["host"]))
            },
            ControlRoute("GET", "/requests/{id}", .read, "One request, in full.") {
                request async throws(ControlRefusal) in
                .value(try await report(of: request.path[1]))
            },
        ]
    }

    /// The routes; from now on queries of tiers before this one are answered, too.
    func started() -> [ControlRoute] {
        answerQueries()
        return routes
    }

    private func list(_ query: [String: String]) async throws(ControlRefusal) -> RequestList {
        let limit = query["limit"].map { Int($0) ?? 0 } ?? Self.usualLimit
        guard (1...Self.maxLimit).contains(limit) else {
            throw ControlRefusal(400, "limit is not a number from 1 to \(Self.maxLimit)")
        }
        let failed = query["failed"]
        guard failed == nil || failed == "1" else {
            throw ControlRefusal(400, "`failed` is not 1: leave it out for all requests")
        }
        let requests = await tier.requests(limit, failedOnly: failed != nil)
        return RequestList(requests: requests.map(RequestSummary.init))
    }

    private func last(_ host: String?) async throws(ControlRefusal) -> RequestReport {
        guard let host, !host.isEmpty else {
            throw ControlRefusal(400, "which host? Write it like /requests/last?host=app.example")
        }
        guard let request = await tier.lastRequest(ofHost: Array(host.utf8)) else {
            throw ControlRefusal(
                404,
                "no request for the host '\(host)' is kept: it was not made, or later ones took its place"
            )
        }
        return await report(of: request, others: 0)
    }

    private func report(of id: String) async throws(ControlRefusal) -> RequestReport {
        let requests = await tier.requests(withID: Array(id.utf8))
        guard let request = requests.first else {
            throw ControlRefusal(
                404,
                "no request with the id '\(id)' is kept: it was not made here, or later ones took its place"
            )
        }
        return await report(of: request, others: requests.count - 1)
    }

    private func report(of request: KeptRequest, others: Int) async -> RequestReport {
        var report = RequestReport(request, tier: tier.settings.name, table: tier.table, others: others)
        // Nothing has reached an endpoint, or what is there is a container.
        guard request.slot.connected != nil, tier.settings.keptFields.statusOfTiers else { return report }
        switch await tier.query(request) {
        case .none(let problem): report.missing = problem
        case .content(let content):
            do throws(TierAnswerError) {
                report.tiers.append(try TierAnswerContent.part(of: content))
                report.cause = report.origin?.cause
            } catch {
                report.missing = error.message
            }
        }
        return report
    }

    // MARK: Queries of other tiers

    /// Answers the tiers before this one that query what was kept of their requests.
    func answerQueries() {
        tier.answerQueries { [self] id, host, done in
            Task { done(await answer(id, host)) }
        }
    }

    /// - Parameter host: of the request: clients choose ids, and one may have that of another host's request.
    private func answer(_ id: [UInt8], _ host: [UInt8]) async -> [UInt8] {
        let requests = await tier.requests(withID: id)
        return TierAnswerContent(
            part: requests.first { $0.bytes(of: .host).elementsEqual(host) }.map {
                RequestReport.TierPart($0, tier: tier.settings.name, table: tier.table)
            }
        ).encoded
    }
}
