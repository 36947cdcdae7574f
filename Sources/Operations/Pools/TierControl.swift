import Balancing
import Foundation
import Logging
import NIOCore
import Proxy
import ProxyCore
import Routing
import RoutingConfig

/// What the control socket of a tier offers.
struct TierControl: Sendable {
    private static let paths = "GET /pools, GET /pools/NAME, POST /pools/NAME/(state|pause|stop|resume)"

    /// The body of `POST /pools/NAME/state`.
    struct StateChange: Codable, Sendable {
        var endpoint: String
        var state: String
    }

    let tier: Tier
    let logger: Logger

    func respond(_ request: ControlRequest) async -> ControlResponse {
        do throws(ControlRefusal) {
            switch (request.method, request.path.first, request.path.count) {
            case ("GET", "pools", 1): return .value(await report(await tier.snapshots()))
            case ("GET", "pools", 2): return .value(try await report(of: request.path[1]))
            case ("POST", "pools", 3) where request.path[2] == "state":
                return .value(try await set(request.body, of: request.path[1]))
            case ("POST", "pools", 3):
                let holds = HoldControl(tier: tier, logger: logger)
                let name = try await holds.apply(request.path[2], request.body, to: request.path[1])
                var report = await report(await tier.snapshots())
                report.targets.removeAll { $0.name != name }
                report.holds.removeAll { $0.name != name }
                return .value(report)
            case (_, "pools", 1...2): return .error(405, "the method is not allowed: \(Self.paths)")
            default: return .error(404, "this is not a valid path: \(Self.paths)")
            }
        } catch {
            return .error(error.status, error.message)
        }
    }

    private func report(_ loops: [LoopSnapshot]) async -> PoolsReport {
        PoolsReport(tier: tier.settings.name, loops, known: tier.sharedEndpoints.all, now: .now())
    }

    private func report(of name: String) async throws(ControlRefusal) -> PoolsReport {
        let loops = await tier.snapshots()
        var report = await report(loops)
        let found = report.targets.filter { $0.name == name.lowercased() || $0.pool == name }
        let pools = loops.first?.pools.map(\.name) ?? []
        guard !found.isEmpty || pools.contains(name) else {
            throw Self.unknown(name, report.targets.map(\.name) + pools)
        }
        report.targets = found
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
        await tier.set(
            state,
            of: endpoints,
            overridesSource: sourceStates.contains { $0 != .up && $0 != state }
        )
        logger.notice(
            "an operator set the state of an endpoint",
            metadata: ["target": "\(name)", "endpoint": "\(endpoint)", "state": "\(state.rawValue)"]
        )
        return try await report(of: name)
    }

    /// What stands for an endpoint: one for each container that has had its address; and what name sources state of it.
    private func endpoints(of name: String, _ endpoint: Endpoint) async throws(ControlRefusal)
        -> (endpoints: [SharedEndpoint], sourceStates: Set<EndpointSettings.AdministrativeState>)
    {
        let loops = await tier.snapshots()
        let lower = name.lowercased()
        let targets = loops.flatMap(\.targets).filter { $0.name == lower || $0.pool?.name == name }
        var found: [SharedEndpoints.Key: SharedEndpoint] = [:]
        var sourceStates: Set<EndpointSettings.AdministrativeState> = []
        for member in targets.flatMap(\.members) where member.endpoint.endpoint == endpoint {
            found[member.endpoint.key] = member.endpoint
            sourceStates.insert(member.sourceState)
        }
        if !found.isEmpty { return (Array(found.values), sourceStates) }
        let pool = loops.first?.pools.first { $0.name == name || $0.name == lower }
        if let pool, let member = pool.members.first(where: { $0.endpoint == endpoint }) {
            return ([tier.endpoint(member, of: pool)], [])
        }
        let report = try await report(of: name)
        let known = Set(report.targets.flatMap(\.members).map(\.endpoint)).sorted()
        throw ControlRefusal(
            404,
            "'\(name)' has no endpoint \(endpoint): "
                + (known.isEmpty ? "it has none now" : "its endpoints are \(known.joined(separator: ", "))")
        )
    }
}
