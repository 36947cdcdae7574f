import RoutingConfig
import ProxyCore
import Logging
import FoundationEssentials
import Glibc
import Names
import NIOCore
import Proxy
import Routing
import Settings

/// `GET /status`
struct StatusControl: Sendable {
    let admin: TierAdmin

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/status", .read, "The state of the tier.") { _ in .value(await report()) }
        ]
    }

    private func report() async -> StatusReport {
        let tier = admin.tier
        let connections = await tier.connections(limit: 0)
        let now = NIODeadline.now()
        return StatusReport(
            tier: tier.settings.name,
            version: BerthVersion.current,
            commit: admin.commit,
            instance: tier.settings.instance,
            pid: getpid(),
            started: TierAdmin.text(admin.started),
            uptimeSeconds: (now - admin.startedAt).seconds,
            ready: admin.isReady,
            draining: admin.draining.isRequested || admin.readiness?.hasEnded == true,
            generation: admin.generation,
            listeners: zip(tier.endpoints, admin.listeners).map(StatusReport.Listener.init),
            rules: rules,
            loops: tier.loopCount,
            connections: tier.connectionCount,
            requestsInFlight: connections.inFlight,
            names: StatusReport.Names(sources: admin.names.statuses.map { .init($0, now: now) }),
            logLevel: admin.threshold?.level.rawValue
        )
    }

    private var rules: StatusReport.Rules {
        let counters = admin.reload?.counters ?? ReloadCounters()
        let rules = admin.rules
        return StatusReport.Rules(
            count: rules.configuration.table.rules.count,
            files: rules.configuration.files,
            loaded: TierAdmin.text(rules.loaded),
            reloads: .init(
                succeeded: counters.succeeded,
                failed: counters.failed,
                lastError: admin.reload?.lastError
            )
        )
    }
}

extension StatusReport.Listener {
    fileprivate init(_ endpoint: Endpoint, _ plan: ListenerPlan) {
        address = "\(endpoint)"
        tls = plan.certificates != nil
        http2 = plan.allowsHTTP2
        clientCertificates = plan.clientCertificates.map { $0.isRequired ? "required" : "requested" }
        redirectsToHttps = plan.redirectsToHTTPS
    }
}

extension StatusReport.Names.Source {
    init(_ status: NameSourceStatus, now: NIODeadline) {
        name = status.source
        kind = String(status.source.prefix { $0 != " " })
        entries = status.names
        ageSeconds = status.updated.map { (now - $0).seconds }
        switch status.state {
        // A source that is queried has nothing to load.
        case .cold: (ready, error) = (kind == "dns" || kind == "system", nil)
        case .up: (ready, error) = (true, nil)
        case .down(let reason): (ready, error) = (status.names > 0, reason)
        }
    }
}

extension TimeAmount {
    /// In seconds, to the millisecond.
    var seconds: Double { (Double(nanoseconds) / 1e6).rounded() / 1e3 }
}
