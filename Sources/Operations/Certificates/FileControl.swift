import Glibc
import Logging
import NIOConcurrencyHelpers
import SystemSupport
import TLS

/// The files of a store while the tier runs: they are read at the start, and again when they change, on SIGHUP, and when
/// the rule files name others.
///
/// What cannot be read leaves in force what was read before. Any thread.
final class FileControl<Files: StoredFiles>: Sendable {
    /// What the log says.
    struct Messages: Sendable {
        var reloaded: Logger.Message
        var notReloaded: Logger.Message
        var notWatched: Logger.Message
    }

    private struct State {
        var watch: CertificateWatch?
        /// Problems that were logged last: the same ones are logged once.
        var reported: [CertificateProblem] = []
        var isStopped = false
    }

    let store: FileStore<Files>
    private let messages: Messages
    private let logger: Logger
    private let expiry: ExpiryLog
    /// The certificates of a value.
    private let certificates: @Sendable (Files.Value) -> [ExpirySchedule.Item]
    private let state = NIOLockedValueBox(State())

    /// - Parameter certificates: of a value, whose end the log announces.
    init(
        _ store: FileStore<Files>,
        _ messages: Messages,
        logger: Logger,
        certificates: @escaping @Sendable (Files.Value) -> [ExpirySchedule.Item]
    ) {
        self.store = store
        self.messages = messages
        self.logger = logger
        self.certificates = certificates
        expiry = ExpiryLog(logger)
    }

    /// Begins to watch the files, where there are any.
    func start() {
        guard !store.all.isEmpty, state.withLockedValue({ $0.watch == nil }) else { return }
        do {
            let watch = try CertificateWatch(
                [store],
                compared: { [weak self] in self?.lookAtExpiry() },
                reloaded: { [weak self] _, problems in self?.reloaded(problems) }
            )
            let unused = state.withLockedValue { state -> CertificateWatch? in
                if state.isStopped || state.watch != nil { return watch }
                state.watch = watch
                return nil
            }
            unused?.stop()
        } catch {
            logger.warning(messages.notWatched, metadata: ["reason": "\(error)"])
        }
    }

    private func lookAtExpiry() {
        expiry.look(now: time(nil)) { store.all.flatMap { certificates($0.value) } }
    }

    func stop() {
        let watch = state.withLockedValue { state in
            state.isStopped = true
            defer { state.watch = nil }
            return state.watch
        }
        watch?.stop()
    }

    /// Reads all files now. Blocks.
    func reload() {
        guard !store.all.isEmpty else { return }
        state.withLockedValue { $0.reported = [] }
        reloaded(store.reload(everything: true))
    }

    private func reloaded(_ problems: [CertificateProblem]) {
        let isNew = state.withLockedValue { state in
            defer { state.reported = problems }
            return state.reported != problems
        }
        guard isNew || problems.isEmpty else { return }
        for problem in problems {
            var metadata: Logger.Metadata = ["finding": "\(problem)"]
            if let hint = problem.hint { metadata["help"] = "\(hint)" }
            logger.error(messages.notReloaded, metadata: metadata)
        }
        let files = Set(store.all.flatMap { $0.files.paths.compactMap(\.self) })
        logger.notice(
            messages.reloaded,
            metadata: ["files": "\(files.count)", "problems": "\(problems.count)"]
        )
    }

    /// Puts in force what other rules need, before they are. What was in force stays for the requests that run.
    func install(_ replacement: FileStore<Files>.Replacement) {
        store.install(replacement)
        start()
    }
}
