import Logging
import ProxyCore
import Routing
package import RoutingConfig
import TLS

/// What a tier needs for targets with `https` while it runs: the authorities that it trusts and the certificates that it
/// shows. Any thread.
struct UpstreamCertificates: Sendable {
    let files: FileControl<UpstreamTLS>

    /// Reads all files. Blocks.
    ///
    /// - Throws: every problem of every file.
    init(_ plan: UpstreamTLSPlan, logger: Logger) throws(UpstreamTLSFailure) {
        let store = TLSClientStore()
        store.install(try Self.prepare(plan, store))
        files = FileControl(
            store,
            .init(
                reloaded: "upstream_tls reloaded",
                notReloaded: "upstream_tls not reloaded: what was read before stays in force",
                notWatched: "certificates of upstream_tls cannot be watched; SIGHUP reloads them"
            ),
            logger: logger,
            certificates: { context in
                (context.certificate.map { [ExpirySchedule.Item($0)] } ?? [])
                    + (context.authorities.map(ExpirySchedule.Item.authorities) ?? [])
            }
        )
    }

    /// Reads what rule files that are being reloaded name. Blocks.
    ///
    /// - Throws: every problem; then all stays as it is.
    func prepare(_ plan: UpstreamTLSPlan) throws(UpstreamTLSFailure) -> TLSClientStore.Replacement {
        try Self.prepare(plan, files.store)
    }

    private static func prepare(
        _ plan: UpstreamTLSPlan,
        _ store: TLSClientStore
    ) throws(UpstreamTLSFailure) -> TLSClientStore.Replacement {
        try plan.read { () throws(FileStoreFailure<UpstreamTLS>) in try store.prepare(plan.needed) }
    }
}

/// The `upstream_tls` of rule files, and what a tier with these rules needs.
package struct UpstreamTLSPlan: Sendable {
    let needed: Set<UpstreamTLS>
    let written: [UpstreamTLSSettings]

    package init(_ configuration: Configuration) {
        needed = configuration.neededTLS
        written = configuration.upstreamTLS
    }

    /// The files that some links need, read. Blocks.
    func store(for links: [UpstreamLink]) throws(UpstreamTLSFailure) -> TLSClientStore {
        try read { () throws(FileStoreFailure<UpstreamTLS>) in
            try TLSClientStore(Set(links.compactMap(\.tls)))
        }
    }

    /// - Throws: problems, with where rule files name the files.
    fileprivate func read<Value>(
        _ body: () throws(FileStoreFailure<UpstreamTLS>) -> Value
    ) throws(UpstreamTLSFailure) -> Value {
        do throws(FileStoreFailure<UpstreamTLS>) { return try body() } catch {
            throw UpstreamTLSFailure(error, self)
        }
    }

    /// Where rule files name a file; nil: they do not.
    func origin(of settings: UpstreamTLS, file path: String) -> SourceLocation? {
        written.first { $0.tls == settings }?.origin(ofFile: path)
    }
}

/// Every problem of the files of `upstream_tls`, for operators.
package struct UpstreamTLSFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ failure: FileStoreFailure<UpstreamTLS>, _ plan: UpstreamTLSPlan) {
        let lines = failure.problems.map { settings, problem in
            let place = plan.origin(of: settings, file: problem.path).map { "\($0): " } ?? ""
            return "\(place)upstream_tls: \(problem)" + (problem.hint.map { "\n  help: \($0)" } ?? "")
        }
        description = lines.sorted().joined(separator: "\n")
    }
}
