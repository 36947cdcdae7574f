import Balancing
import FoundationEssentials
import Logging
import NIOCore
import Proxy
import ProxyCore
import Routing
import RoutingConfig

/// What the control socket of a tier offers.
struct TierControl: Sendable {
    /// The body of `POST /pools/NAME/state`.
    struct StateChange: Codable, Sendable {
        var endpoint: String
        var state: String
    }

    /// The body of `POST /reload`.
    struct ReloadOptions: Codable, Sendable {
        /// The share of hosts, percent, that may change their route.
        var `guard`: Double?
    }

    let tier: Tier
    let store: ControlStore
    let logger: Logger
    /// The certificates of the listeners, as they are now.
    var certificates: @Sendable () -> CertificatesReport = { CertificatesReport(listeners: []) }
    /// Reads all files again: with the share of hosts, percent, that may change their route.
    var reload: @Sendable (Double?) async -> ReloadReport = { _ in
        ReloadReport(reloaded: false, rules: 0, findings: ["the tier has no files to read"])
    }

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/certificates", .read, "The certificates that are loaded.") { _ in
                .value(certificates())
            },
            ControlRoute("POST", "/reload", .operate, "Reads all files again.") {
                request async throws(ControlRefusal) in
                .value(try await reloaded(request.body))
            },
            ControlRoute("GET", "/pools", .read, "All targets with their endpoints.") { _ in
                .value(await report(await tier.snapshots()))
            },
            ControlRoute("GET", "/pools/{name}", .read, "One pool or target.") {
                request async throws(ControlRefusal) in
                .value(try await report(of: request.path[1]))
            },
            ControlRoute("POST", "/pools/{name}/state", .operate, "Sets the state of an endpoint.") {
                request async throws(ControlRefusal) in
                .value(try await set(request.body, of: request.path[1]))
            },
            ControlRoute("POST", "/pools/{name}/split", .operate, "Sets the weights of a split.") {
                request async throws(ControlRefusal) in
                let split = SplitControl(tier: tier, logger: logger)
                return .value(try await report(of: try await split.apply(request.body, to: request.path[1])))
            },
            ControlRoute("POST", "/pools/{name}/deploy", .operate, "Replaces the endpoints of a target.") {
                request async throws(ControlRefusal) in
                try await deploy(request.path[1], request.body) {
                    (deployment) async throws(ControlRefusal) in
                    try await deployment.run()
                }
            },
            ControlRoute("POST", "/pools/{name}/reset", .operate, "Takes back what was deployed.") {
                request async throws(ControlRefusal) in
                try await deploy(request.path[1], request.body) {
                    (deployment) async throws(ControlRefusal) in
                    try await deployment.reset()
                }
            },
        ]
            + ["pause", "stop", "resume"].map { verb in
                ControlRoute("POST", "/pools/{name}/\(verb)", .operate, "Holds a target, or ends its hold.") {
                    request async throws(ControlRefusal) in
                    .value(try await hold(verb, request))
                }
            }
    }

    private func hold(_ verb: String, _ request: ControlRequest) async throws(ControlRefusal) -> PoolsReport {
        let holds = HoldControl(store: store, logger: logger)
        let name = try await holds.apply(verb, request.body, to: request.path[1])
        var report = await report(await tier.snapshots(of: name))
        report.targets.removeAll { $0.name != name }
        report.holds.removeAll { $0.name != name }
        report.splits.removeAll { $0.name != name }
        report.deployed.removeAll { $0.name != name }
        report.states = []
        return report
    }

    private func reloaded(_ body: [UInt8]) async throws(ControlRefusal) -> ReloadReport {
        var options = ReloadOptions()
        if !body.isEmpty {
            guard let decoded = try? JSONDecoder().decode(ReloadOptions.self, from: Data(body)),
                decoded.guard.map({ $0 >= 0 && $0 <= 100 }) ?? true
            else { throw ControlRefusal(400, #"the body is not like {"guard": 10}, a share from 0 to 100"#) }
            options = decoded
        }
        var report = await reload(options.guard)
        // Also where the rules could be read: a certificate that cannot be used stays as it was.
        report.findings += certificates().problems.map(\.message)
        logger.notice(
            "an operator reloaded the files",
            metadata: ["reloaded": "\(report.reloaded)", "findings": "\(report.findings.count)"]
        )
        return report
    }

    private func report(_ loops: [LoopSnapshot]) async -> PoolsReport {
        PoolsReport(
            tier: tier.settings.name,
            loops,
            known: tier.sharedEndpoints.all,
            records: await store.deployedTargets,
            now: .now()
        )
    }

    private func report(of name: String) async throws(ControlRefusal) -> PoolsReport {
        let loops = await tier.snapshots(of: name)
        var report = await report(loops)
        let found = report.targets.filter { $0.name == name.lowercased() || $0.pool == name }
        let pools = loops.first?.pools.map(\.name) ?? []
        let isSplit = report.splits.contains { $0.name == name.lowercased() || $0.pool == name }
        let names = Set(found.map(\.name)).union([name.lowercased()])
        report.holds.removeAll { !names.contains($0.name) }
        report.deployed.removeAll { !names.contains($0.name) }
        let isKnown = !found.isEmpty || isSplit || !report.holds.isEmpty || !report.deployed.isEmpty
        guard isKnown || pools.contains(name) else {
            let all = await self.report(await tier.snapshots())
            throw Self.unknown(name, all.targets.map(\.name) + pools)
        }
        report.targets = found
        report.splits.removeAll { $0.name != name.lowercased() && $0.pool != name }
        report.states.removeAll { $0.pool != name }
        return report
    }

    private static func unknown(_ name: String, _ names: [String]) -> ControlRefusal {
        let nearest = Suggestion.nearest(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
        return ControlRefusal(
            404,
            "there is no pool or target '\(name)': \(nearest)A target without endpoints in the rule file is "
                + "known while requests come for it"
        )
    }

    // MARK: States

    private func set(_ body: [UInt8], of name: String) async throws(ControlRefusal) -> PoolsReport {
        guard let change = try? JSONDecoder().decode(StateChange.self, from: Data(body)) else {
            throw ControlRefusal(
                400,
                #"the body is not like {"endpoint": "10.0.0.2:8080", "state": "drain"}"#
            )
        }
        guard let state = EndpointSettings.AdministrativeState(rawValue: change.state) else {
            throw ControlRefusal(400, "'\(change.state)' is not a state; the states are up, down and drain")
        }
        guard let endpoint = Endpoint(change.endpoint) else {
            throw ControlRefusal(400, "'\(change.endpoint)' is not an endpoint; write it like 10.0.0.2:8080")
        }
        let (endpoints, sourceStates) = try await endpoints(of: name, endpoint)
        try await store.set(
            state,
            of: endpoints,
            overridesSource: sourceStates.contains { $0 != .up && $0 != state }
        )
        logger.notice(
            "an operator set the state of an endpoint",
            metadata: ["target": "\(name)", "endpoint": "\(endpoint)", "state": "\(state.rawValue)"]
        )
        do throws(ControlRefusal) { return try await report(of: name) } catch {
            // The target is gone; the state of its endpoint was set.
            return PoolsReport(tier: tier.settings.name, targets: [])
        }
    }

    /// What stands for an endpoint: one for each container that has had its address; and what name sources state of it.
    private func endpoints(of name: String, _ endpoint: Endpoint) async throws(ControlRefusal)
        -> (endpoints: [SharedEndpoint], sourceStates: Set<EndpointSettings.AdministrativeState>)
    {
        let loops = await tier.snapshots(of: name)
        let lower = name.lowercased()
        let targets = loops.flatMap(\.targets).filter { $0.name == lower || $0.pool?.name == name }
        var found: [SharedEndpoints.Key: SharedEndpoint] = [:]
        var sourceStates: Set<EndpointSettings.AdministrativeState> = []
        for member in targets.flatMap(\.members) where member.endpoint.endpoint == endpoint {
            found[member.endpoint.key] = member.endpoint
            sourceStates.insert(member.sourceState)
        }
        if !found.isEmpty { return (Array(found.values), sourceStates) }
        let deployed = await store.record(of: lower).endpoints?.first { $0.endpoint == "\(endpoint)" }
        if let deployed {
            let pool = await tier.settings(of: lower)
            return ([tier.endpoint(endpoint, identity: deployed.identity, of: pool)], [])
        }
        let pool = loops.first?.pools.first { $0.name == name || $0.name == lower }
        if let pool, let member = pool.members.first(where: { $0.endpoint == endpoint }) {
            return ([tier.endpoint(member.endpoint, identity: nil, of: pool)], [])
        }
        // Those that are gone, but for the state that an operator has set.
        let kept = tier.sharedEndpoints.setByOperator.filter {
            $0.endpoint == endpoint && ($0.pool == name || $0.pool == nil)
        }
        if !kept.isEmpty { return (kept, []) }
        let report = try await report(of: name)
        let known = Set(report.targets.flatMap(\.members).map(\.endpoint)).sorted()
        throw ControlRefusal(
            404,
            "'\(name)' has no endpoint \(endpoint): "
                + (known.isEmpty ? "it has none now" : "its endpoints are \(known.joined(separator: ", "))")
        )
    }

    // MARK: Deployments

    private func deploy(
        _ name: String,
        _ body: [UInt8],
        _ run: (Deployment) async throws(ControlRefusal) -> DeployReport
    ) async throws(ControlRefusal) -> ControlResponse {
        let deployment: Deployment
        do throws(RecordFlaw) {
            deployment = Deployment(
                name: try ControlRecord.name(name),
                request: body.isEmpty ? DeployRequest(endpoints: []) : try DeployRequest(decoding: body),
                tier: tier,
                store: store,
                logger: logger
            )
        } catch {
            throw ControlRefusal(400, error.description)
        }
        try await store.beginDeployment(of: deployment.name)
        let report: DeployReport
        do throws(ControlRefusal) { report = try await run(deployment) } catch {
            await store.endDeployment(of: deployment.name)
            throw error
        }
        await store.endDeployment(of: deployment.name)
        var response = ControlResponse.value(report)
        if report.outcome == .unhealthy { response.status = DeployReport.unhealthyStatus }
        return response
    }
}
