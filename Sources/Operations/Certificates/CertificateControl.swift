import Glibc
import Logging
import NIOConcurrencyHelpers
import Proxy
import Routing
import RoutingConfig
import Settings
import SystemSupport
import TLS

/// The certificates of a tier's listeners while it runs: they are read at the start, and again when their files change, on
/// SIGHUP, and when the rule files name others.
///
/// What cannot be read leaves the certificates before it in force. Any thread.
final class CertificateControl: Sendable {
    struct Listener: Sendable {
        /// As in the rule file: with the port that was given.
        let address: Endpoint
        let certificates: ListenerCertificates
    }

    private struct State {
        var watch: CertificateWatch?
        /// Problems that were logged last, by listener: the same ones are logged once.
        var reported: [Endpoint: [CertificateProblem]] = [:]
        var isStopped = false
    }

    let listeners: [Listener]
    private let logger: Logger
    private let expiry: ExpiryLog
    private let state = NIOLockedValueBox(State())

    /// - Parameter plans: of the tier.
    init(_ plans: [ListenerPlan], logger: Logger) {
        listeners = plans.compactMap { plan in
            plan.certificates.map { Listener(address: plan.endpoint, certificates: $0) }
        }
        self.logger = logger
        expiry = ExpiryLog(logger)
    }

    private func lookAtExpiry() {
        expiry.look(now: time(nil)) {
            listeners.flatMap { $0.certificates.store.certificates.map(ExpirySchedule.Item.init) }
        }
    }

    /// Begins to watch the files.
    func start() {
        guard !listeners.isEmpty else { return }
        do {
            let watch = try CertificateWatch(
                listeners.map(\.certificates.store),
                compared: { [weak self] in self?.lookAtExpiry() },
                reloaded: { [weak self] store, problems in
                    if let store = store as? CertificateStore { self?.reloaded(store, problems) }
                }
            )
            let old = state.withLockedValue { state in
                defer { state.watch = state.isStopped ? nil : watch }
                return state.isStopped ? watch : state.watch
            }
            old?.stop()
        } catch {
            logger.warning(
                "certificates cannot be watched; SIGHUP reloads them",
                metadata: ["reason": "\(error.reason)"]
            )
        }
    }

    func stop() {
        let watch = state.withLockedValue { state in
            state.isStopped = true
            defer { state.watch = nil }
            return state.watch
        }
        watch?.stop()
    }

    /// Reads what has changed, now. Blocks.
    func reload() {
        for listener in listeners {
            let store = listener.certificates.store
            state.withLockedValue { $0.reported[listener.address] = nil }
            reloaded(store, store.reload(now: nil))
        }
    }

    private func reloaded(_ store: CertificateStore, _ problems: [CertificateProblem]) {
        guard let listener = listeners.first(where: { $0.certificates.store === store }) else { return }
        let isNew = state.withLockedValue { state in
            defer { state.reported[listener.address] = problems }
            return state.reported[listener.address] != problems
        }
        guard isNew || problems.isEmpty else { return }
        for problem in problems {
            var metadata: Logger.Metadata = ["address": "\(listener.address)", "finding": "\(problem)"]
            if let hint = problem.hint { metadata["help"] = "\(hint)" }
            logger.error(
                problem.keepsOld
                    ? "certificate not reloaded: the one before stays in force"
                    : "certificate cannot be used",
                metadata: metadata
            )
        }
        logger.notice(
            "certificates reloaded",
            metadata: [
                "address": "\(listener.address)", "certificates": "\(store.certificates.count)",
                "problems": "\(problems.count)",
            ]
        )
    }

    // MARK: Other rule files

    /// Certificates that rule files name and that are not in force: read, and not in force yet.
    struct Replacement: Sendable {
        fileprivate let stores: [(ListenerCertificates, CertificateStore)]

        /// Puts them in force, for handshakes that begin from now on.
        func install() {
            for (certificates, store) in stores { certificates.replace(by: store) }
        }
    }

    /// Reads what rule files that are being reloaded name. Blocks.
    ///
    /// - Throws: every problem; then the certificates before stay in force.
    func prepare(_ settings: [ListenerSettings]) throws(CertificateFailure) -> Replacement {
        var stores: [(ListenerCertificates, CertificateStore)] = []
        for listener in listeners {
            guard let tls = settings.first(where: { $0.address == listener.address })?.tls,
                tls.certificates != listener.certificates.store.settings
            else { continue }
            stores.append((listener.certificates, try CertificateStore(tls.certificates)))
        }
        return Replacement(stores: stores)
    }

    /// Puts certificates of other rule files in force, and watches them.
    func install(_ replacement: Replacement) {
        guard !replacement.stores.isEmpty else { return }
        replacement.install()
        state.withLockedValue { $0.reported = [:] }
        start()
    }

    // MARK: Reports

    /// - Parameter now: seconds since 1970.
    /// When each certificate expires.
    var expiries: [CertificateExpiry] {
        listeners.flatMap { listener in
            listener.certificates.store.certificates.map {
                CertificateExpiry(
                    listener: "\(listener.address)",
                    file: $0.files.certificate,
                    time: $0.notAfter
                )
            }
        }
    }

    func report(now: Int = time(nil)) -> CertificatesReport {
        CertificatesReport(
            listeners: listeners.map {
                CertificatesReport.Listener("\($0.address)", $0.certificates.store, now: now)
            }
        )
    }
}
