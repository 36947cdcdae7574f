import Glibc
import Logging
import Names
import NIOConcurrencyHelpers
import SystemSupport

/// Whether a tier is ready: it listens, and each source that holds all its names has loaded them or serves those
/// of an earlier run.
///
/// Reported once, in the log, to the service manager, and by an optional file that exists while the tier is ready.
/// A tier stays ready if a source fails later: the source's last names stay in force.
final class Readiness: Sendable {
    private struct State {
        var reportedWaiting = false
        var isReady = false
        var hasEnded = false
        /// The sources that have not loaded any names.
        var missing: [String] = []
        /// Another process is ready until `announce`.
        var isHeld = false
    }

    private let file: String?
    private let manager: SystemdNotifier
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// - Parameter file: created when the tier is ready, with its folder, and removed when it begins to end. A file
    ///   left by an earlier run is removed now.
    /// - Parameter isHeld: another process has the tier until `announce`, and the file stays.
    init(
        file: String?,
        manager: SystemdNotifier = SystemdNotifier(),
        isHeld: Bool = false,
        logger: Logger
    ) {
        self.file = file
        self.manager = manager
        self.logger = logger
        state.withLockedValue { $0.isHeld = isHeld }
        if let file, !isHeld { unlink(file) }
    }

    var isReady: Bool { state.withLockedValue { $0.isReady && !$0.hasEnded && !$0.isHeld } }

    /// All sources have loaded their names.
    var hasLoaded: Bool { state.withLockedValue { $0.isReady } }

    /// Whoever looks at this process from now on finds it ready, where it is; others are told by `announce`.
    func release() { state.withLockedValue { $0.isHeld = false } }

    /// The tier is this process's own from now on.
    ///
    /// - Parameter asMainProcess: the service manager watches this process from now on.
    func announce(asMainProcess: Bool) {
        let isReady = state.withLockedValue { state in
            state.isHeld = false
            return state.isReady && !state.hasEnded
        }
        if isReady { begin(asMainProcess ? "MAINPID=\(getpid())\n" : "") }
    }

    /// Lets the service manager know of a reload for as long as it runs.
    func reloading<Result>(_ reload: () async -> Result) async -> Result {
        guard isReady else { return await reload() }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        _ = manager.send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
        let result = await reload()
        if isReady { _ = manager.send("READY=1") }
        return result
    }

    /// The tier ends.
    var hasEnded: Bool { state.withLockedValue { $0.hasEnded } }

    /// The sources that the tier waits for; empty where it is ready, or ends.
    var waitsFor: [String] { state.withLockedValue { $0.isReady || $0.hasEnded ? [] : $0.missing } }

    /// The sources that have not loaded any names.
    static func missing(_ table: NameTable) -> [String] {
        table.layers.compactMap { layer in
            switch layer.content {
            case .cold, .failed: layer.source
            case .names, .answers: nil
            }
        }
    }

    /// Evaluates the current names. Updates must arrive in their order.
    func update(_ table: NameTable) {
        let missing = Self.missing(table)
        let (isNew, isWaiting) = state.withLockedValue { state -> (Bool, Bool) in
            guard !state.isReady, !state.hasEnded else { return (false, false) }
            state.missing = missing
            if missing.isEmpty {
                state.isReady = true
                return (!state.isHeld, false)
            }
            defer { state.reportedWaiting = true }
            return (false, !state.reportedWaiting)
        }
        if isWaiting {
            logger.notice(
                "not ready: waiting for names",
                metadata: ["sources": "\(missing.joined(separator: ", "))"]
            )
        }
        if isNew { begin() }
    }

    /// Called when the tier begins to end.
    ///
    /// - Parameter isSuperseded: another process has the tier, and the file.
    func end(isSuperseded: Bool = false) {
        withdraw(isSuperseded: isSuperseded)
        if !isSuperseded { _ = manager.send("STOPPING=1") }
    }

    /// The tier is no longer ready, and goes on to serve for some time.
    func withdraw(isSuperseded: Bool = false) {
        let wasReady = state.withLockedValue { state in
            defer { state.hasEnded = true }
            return state.isReady && !state.hasEnded
        }
        guard !isSuperseded else { return }
        if wasReady, let file { unlink(file) }
    }

    private func begin(_ prefix: String = "") {
        logger.notice("ready")
        if let reason = manager.send(prefix + "READY=1") {
            logger.error(
                "service manager not notified that the tier is ready",
                metadata: ["reason": "\(reason)"]
            )
        }
        guard let file else { return }
        do throws(FileError) {
            try WholeFile.createFolder(of: file)
            try WholeFile.write([], to: file, mode: 0o644)
        } catch {
            logger.error(
                "ready file not written",
                metadata: ["path": "\(error.path)", "reason": "\(error.reason)"]
            )
        }
    }
}
