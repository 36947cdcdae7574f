import Balancing
import FoundationEssentials
import Logging
import NIOCore
import Proxy
import ProxyCore
import Routing

/// One deployment: new endpoints of a target are probed until all are healthy, then get all new requests at once; the
/// previous ones finish theirs.
struct Deployment: Sendable {
    /// Between two looks at what still runs.
    private static let drainPause = Duration.milliseconds(50)

    let name: String
    let request: DeployRequest
    let tier: Tier
    let store: ControlStore
    let logger: Logger

    /// Where a deployment stands with one endpoint.
    private struct Candidate: Sendable {
        let endpoint: Endpoint
        let record: ControlRecord.Deployed
        /// One for each way to connect to it; empty: the target has it already, or no pool checks it.
        let shared: [SharedEndpoint]
    }

    /// - Throws: where nothing has changed, but for endpoints that are not healthy.
    func run() async throws(ControlRefusal) -> DeployReport {
        let endpoints = try await permitted()
        let pool = await tier.settings(of: name)
        if let pool, pool.settings.check != nil, request.healthPath != nil {
            throw ControlRefusal(
                400,
                DeployProbes.healthPathMessage(pool)
            )
        }
        let check = pool?.settings.check ?? request.check
        let links = tier.links(to: name)
        let candidates = candidates(endpoints, pool, links, await members())
        let probed = try await probe(candidates, check, over: links, rise: pool?.settings.check?.rise ?? 1)
        var report = DeployReport(of: name, probed, by: check)
        guard report.outcome == .deployed else {
            log(report)
            return report
        }
        // Who has requests now: it may have changed during the probes.
        let before = await members()
        try await store.set(candidates.map(\.record), for: name)
        log(report)
        let kept = Set(candidates.map { Self.key($0.endpoint, $0.record.identity, pool) })
        report.drained = await drain(before.filter { !kept.contains($0.key.place) })
        return report
    }

    /// Gives the target back to its name sources.
    func reset() async throws(ControlRefusal) -> DeployReport {
        guard let endpoints = await store.record(of: name).endpoints else {
            throw ControlRefusal(404, "'\(name)' is not deployed")
        }
        // Those that the target had before it was deployed may be what it has afterwards.
        let gone = Set(endpoints.filter { $0.identity != nil })
        let before = await members().filter {
            gone.contains(ControlRecord.Deployed(endpoint: "\($0.endpoint)", identity: $0.identity))
        }
        try await store.set(nil as [ControlRecord.Deployed]?, for: name)
        var report = DeployReport(target: name, outcome: .reset, endpoints: [], drained: [])
        log(report)
        report.drained = await drain(before)
        return report
    }

    private func log(_ report: DeployReport) {
        logger.notice(
            "deployment",
            metadata: [
                "target": "\(name)", "outcome": "\(report.outcome.rawValue)",
                "endpoints": "\(report.endpoints.map(\.endpoint).joined(separator: ","))",
            ]
        )
    }

    // MARK: The endpoints

    private func permitted() async throws(ControlRefusal) -> [Endpoint] {
        do throws(RecordFlaw) {
            try ControlRecord.validate(request.endpoints.map { .init(endpoint: $0) }, of: name)
        } catch {
            throw ControlRefusal(400, error.description)
        }
        let endpoints = request.endpoints.compactMap { Endpoint($0) }
        for endpoint in endpoints {
            if let objection = await tier.objection(to: endpoint, of: name) {
                throw ControlRefusal(
                    400,
                    "\(endpoint): Berth does not connect to it: \(objection.words); nothing has changed"
                )
            }
        }
        return endpoints
    }

    /// The endpoints that the target has on any event loop.
    private func members() async -> [SharedEndpoint] {
        await tier.refresh(target: name).done()
        var found: [SharedEndpoints.Key: SharedEndpoint] = [:]
        for target in await tier.snapshots().flatMap(\.targets) where target.name == name {
            for member in target.members { found[member.endpoint.key] = member.endpoint }
        }
        return Array(found.values)
    }

    /// - Parameter current: the target's endpoints: those that are among the new ones stay what they are. All others are
    ///   new, with new connections, also where a previous container had the address.
    private func candidates(
        _ endpoints: [Endpoint],
        _ pool: Pool?,
        _ links: [UpstreamLink],
        _ current: [SharedEndpoint]
    ) -> [Candidate] {
        let identity = Self.identity(of: Date())
        return endpoints.map { endpoint in
            if let there = current.first(where: { $0.endpoint == endpoint && $0.pool == pool?.name }) {
                let record = ControlRecord.Deployed(endpoint: "\(endpoint)", identity: there.identity)
                return Candidate(endpoint: endpoint, record: record, shared: [])
            }
            let record = ControlRecord.Deployed(endpoint: "\(endpoint)", identity: identity)
            guard let pool, pool.settings.check != nil else {
                return Candidate(endpoint: endpoint, record: record, shared: [])
            }
            let shared = links.map { link in
                tier.endpoint(endpoint, identity: identity, of: pool, over: link, arrived: .now())
            }
            return Candidate(endpoint: endpoint, record: record, shared: shared)
        }
    }

    /// `deployed-2026-11-29T10:00:00.000Z`: different for each deployment of a name.
    static func identity(of date: Date) -> String {
        "deployed-" + date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func key(_ endpoint: Endpoint, _ identity: String?, _ pool: Pool?) -> SharedEndpoints.Key {
        SharedEndpoints.Key(endpoint: endpoint, identity: identity, pool: pool?.name)
    }

    // MARK: Probes

    private func probe(
        _ candidates: [Candidate],
        _ check: HealthCheck,
        over links: [UpstreamLink],
        rise: Int
    ) async throws(ControlRefusal) -> [DeployReport.Probed] {
        var probes = DeployProbes(
            check: check,
            rise: rise,
            pause: request.pause,
            limit: .seconds(request.waitsAtMost),
            probe: { [tier] endpoint in
                for link in links {
                    let result = await tier.probe(endpoint, check, over: link)
                    guard result == .healthy else { return result }
                }
                return .healthy
            }
        )
        // The tier's own checks go on beside these, and what they show counts too.
        probes.begins = { candidates[$0].shared.forEach { $0.markUse(now: .now()) } }
        probes.isUp = { index in
            var isUp = true
            for shared in candidates[index].shared {
                shared.checked(check, failure: nil, evidence: "deployment", now: .now())
                isUp = isUp && shared.health.checks?.isUp ?? true
            }
            return isUp
        }
        probes.isStopping = { [store] in await store.isStopping }
        let results = await probes.run(candidates.map(\.endpoint))
        if Task.isCancelled { throw ControlRefusal(400, "the command has ended; nothing has changed") }
        if await store.isStopping { throw ControlRefusal(409, "the tier is stopping; nothing has changed") }
        return results
    }

    // MARK: Drain

    /// Waits until no request runs at the previous endpoints, for `drainsAtMost`.
    private func drain(_ previous: [SharedEndpoint]) async -> [DeployReport.Drained] {
        let deadline = ContinuousClock.now + .seconds(request.drainsAtMost)
        let keys = previous.map(\.key)
        while await tier.requests(at: keys) > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: Self.drainPause)
        }
        var drained: [DeployReport.Drained] = []
        for key in keys {
            drained.append(
                DeployReport.Drained(
                    endpoint: "\(key.endpoint)",
                    identity: key.identity,
                    requests: await tier.requests(at: [key])
                )
            )
        }
        return drained.sorted { $0.endpoint < $1.endpoint }
    }
}
