import Balancing
import FoundationEssentials
import Proxy
import ProxyCore
package import Routing

/// A deployment through a registry: the command probes the new endpoints itself, then writes the record that all tiers
/// follow.
package struct RegistryDeployment: Sendable {
    private let name: String
    private let request: DeployRequest
    private let commands: RecordCommands
    private let pool: Pool?
    private let controlPlane: [Endpoint]
    /// How the rules connect to the target.
    private let links: [UpstreamLink]
    private let upstreams: UpstreamTLSPlan

    /// - Parameters:
    ///   - table: the rules of a tier that follows the registry: the pool of the target has the check.
    ///   - upstreams: of these rules.
    ///   - controlPlane: the registries and DNS servers of that tier.
    package init(
        _ name: String,
        _ request: DeployRequest,
        _ commands: RecordCommands,
        table: RouteTable,
        upstreams: UpstreamTLSPlan,
        controlPlane: [Endpoint]
    ) throws(RecordCommands.Problem) {
        do throws(RecordFlaw) {
            self.name = try ControlRecord.name(name)
            try request.validate()
        } catch {
            throw RecordCommands.Problem(error.description)
        }
        self.request = request
        self.commands = commands
        self.pool = table.pools.pool(for: self.name, scratch: RouteScratch())
        self.controlPlane = controlPlane
        self.links = TargetPorts(table).links(to: self.name)
        self.upstreams = upstreams
    }

    package func run() async throws(RecordCommands.Problem) -> DeployReport {
        let endpoints = try permitted()
        if let pool, pool.settings.check != nil, request.healthPath != nil {
            throw RecordCommands.Problem(
                DeployProbes.healthPathMessage(pool)
            )
        }
        let check = pool?.settings.check ?? request.check
        let probed = try await probe(endpoints, check)
        let report = DeployReport(of: name, probed, by: check)
        guard report.outcome == .deployed else {
            return report
        }
        let identity = Deployment.identity(of: Date())
        var previous: [ControlRecord.Deployed] = []
        try await commands.change(name) { (record) throws(RecordCommands.Problem) in
            previous = record.endpoints ?? []
            record.endpoints = endpoints.map { endpoint in
                let text = "\(endpoint)"
                // One that stays is the same as before.
                return previous.first { $0.endpoint == text } ?? .init(endpoint: text, identity: identity)
            }
        }
        await drain()
        return report
    }

    package func reset() async throws(RecordCommands.Problem) -> DeployReport {
        try await commands.change(name) { (record) throws(RecordCommands.Problem) in
            guard record.endpoints != nil else {
                throw RecordCommands.Problem("'\(name)' is not deployed in the registry", exitCode: 1)
            }
            record.endpoints = nil
        }
        await drain()
        return DeployReport(target: name, outcome: .reset, endpoints: [], drained: [])
    }

    /// What runs at the previous endpoints is the tiers' to see: the command gives it the time that it may take.
    private func drain() async { try? await Task.sleep(for: .seconds(request.drainsAtMost)) }

    private func permitted() throws(RecordCommands.Problem) -> [Endpoint] {
        do throws(RecordFlaw) {
            try ControlRecord.validate(request.endpoints.map { .init(endpoint: $0) }, of: name)
        } catch {
            throw RecordCommands.Problem(error.description)
        }
        let addresses = AddressGuard(listening: [], ownAddresses: [], controlPlane: controlPlane)
        let endpoints = request.endpoints.compactMap { Endpoint($0) }
        for endpoint in endpoints {
            if let objection = addresses.objection(to: endpoint, endpointNetworks: []) {
                throw RecordCommands.Problem(
                    "\(endpoint): Berth does not connect to it: \(objection.words); nothing has changed"
                )
            }
        }
        return endpoints
    }

    private func probe(
        _ endpoints: [Endpoint],
        _ check: HealthCheck
    ) async throws(RecordCommands.Problem) -> [DeployReport.Probed] {
        let prober: StandaloneProber
        let security: UpstreamSecurity
        do throws(UpstreamTLSFailure) {
            security = UpstreamSecurity(try upstreams.store(for: links))
        } catch {
            throw RecordCommands.Problem("\(error)")
        }
        do { prober = try StandaloneProber(security) } catch {
            throw RecordCommands.Problem("the system refuses an event loop: \(error)")
        }
        let probes = DeployProbes(
            check: check,
            rise: pool?.settings.check?.rise ?? 1,
            pause: request.pause,
            limit: .seconds(request.waitsAtMost),
            probe: { [links] endpoint in
                for link in links {
                    let result = await prober.probe(endpoint, check, over: link)
                    guard result == .healthy else { return result }
                }
                return .healthy
            }
        )
        let results = await probes.run(endpoints)
        await prober.shutDown()
        return results
    }
}
