package import Names
import NIOConcurrencyHelpers
import NIOCore
import ProxyCore
package import Routing
package import RoutingConfig
package import ServerNames
import Settings

/// One tier on the way of a dry run.
///
/// Used on one thread alone; live names run on their directory's loop.
package struct DryRunTier {
    /// Where the tier's names come from.
    package enum Names: Sendable {
        /// What is known without a query.
        case offline(NameTable)
        /// Sources that run: the caller has made and started the directory.
        case live(NameDirectory)
    }

    let stages: RequestStages
    /// The tier's rule files, for people.
    package let files: [String]
    private let names: Names
    /// Which certificate a client gets for a server name and at a port; nil: the tier does not terminate TLS.
    let certificate: Certificates?
    /// The listeners that redirect to HTTPS, by their ports.
    private let redirecting: [UInt16: ListenerFacts]
    /// The listeners with TLS, by their ports, and the first one.
    private let secure: (byPort: [UInt16: ListenerFacts], first: ListenerFacts?)

    /// From a server name, nil where the client sends none, and the port of the URL.
    package typealias Certificates = @Sendable (ServerName?, UInt16) -> CertificateChoice?

    /// - Parameters:
    ///   - name: `front` or `local`.
    ///   - machine: where the tier listens; nil: not known.
    ///   - certificate: which one a client gets; nil: the tier does not terminate TLS.
    package init(
        _ name: String,
        _ configuration: Configuration,
        names: Names,
        machine: DryRunMachine? = nil,
        certificate: Certificates? = nil
    ) {
        self.certificate = certificate
        let redirect = ListenerFacts(httpsPort: configuration.listeners.httpsPort)
        redirecting = Dictionary(
            configuration.listeners.filter(\.redirectsToHTTPS).map { ($0.address.port, redirect) },
            uniquingKeysWith: { first, _ in first }
        )
        let facts = configuration.listeners.compactMap { listener in
            listener.tls.map {
                (listener.address.port, ListenerFacts(clientCertificates: $0.clientCertificates))
            }
        }
        secure = (Dictionary(facts, uniquingKeysWith: { first, _ in first }), facts.first?.1)
        self.names = names
        self.files = configuration.files
        let table: NameTable
        let canWait: Bool
        switch names {
        case .offline(let known): (table, canWait) = (known, false)
        case .live(let directory): (table, canWait) = (directory.table, true)
        }
        self.stages = RequestStages(
            settings: TierSettings(
                name: name,
                instance: "dry-run",
                trustedProxies: configuration.trustedProxies,
                keptFields: KeptFields(configuration.keptFields),
                errorPages: configuration.errorPages,
                limits: configuration.limits,
                timeouts: configuration.timeouts
            ),
            table: configuration.table,
            names: table,
            addressGuard: AddressGuard(
                listening: machine?.listening ?? [],
                ownAddresses: machine?.ownAddresses ?? [],
                controlPlane: ControlPlane(configuration.names).endpoints + (machine?.controlPlane ?? [])
            ),
            canWait: canWait,
            upstreams: nil,
            seed: 0
        )
    }

    /// What the listener at a port adds to requests; nil: nothing.
    func listener(at port: UInt16, _ scheme: RequestScheme) -> ListenerFacts? {
        switch scheme {
        case .http: redirecting[port]
        case .https: secure.byPort[port] ?? secure.first
        }
    }

    /// One of its listeners has TLS.
    var terminatesTLS: Bool { secure.first != nil }

    /// The handshake of a client that has the certificate that is demanded of it.
    ///
    /// - Parameters:
    ///   - name: nil: the client sends none.
    ///   - port: that it connects to.
    func handshake(
        for name: ServerName?,
        at port: UInt16
    ) -> (security: ConnectionSecurity, demand: ClientDemand?) {
        var host: HostName?
        if case .host(let known)? = name { host = known }
        let standard = listener(at: port, .https)?.clientCertificates
        let policy = stages.clientPolicy(of: host, standard: standard)
        let security = ConnectionSecurity()
        security.establish(
            serverName: host,
            policy: policy,
            client: policy.requestsCertificate ? .any() : nil
        )
        return (security, ClientDemand(policy))
    }

    package var name: String { stages.settings.name }
    package var table: RouteTable { stages.rules.table }

    /// Takes over what live sources know by now.
    func refreshNames() {
        guard case .live(let directory) = names else { return }
        stages.install(names: NameTableUpdate(table: directory.table, changed: nil))
    }

    /// Resolves a name that the table does not hold. Blocks as long as a request would wait.
    func resolve(_ name: String) -> NameLookup {
        let failed = NameLookup.failed(NameProblem(.timeout, "no name source responded in time"))
        guard case .live(let directory) = names else { return failed }
        let result = NIOLockedValueBox<NameLookup?>(nil)
        let isThere = ConditionLock(value: false)
        directory.resolve(name) { lookup in
            result.withLockedValue { $0 = lookup }
            isThere.lock()
            isThere.unlock(withValue: true)
        }
        let seconds = Double(stages.settings.timeouts.resolve.nanoseconds) / 1e9
        guard isThere.lock(whenValue: true, timeoutSeconds: seconds) else { return failed }
        isThere.unlock()
        return result.withLockedValue { $0 } ?? failed
    }
}
