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
    }

    private let file: String?
    private let manager: SystemdNotifier
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// - Parameter file: created when the tier is ready, with its folder, and removed when it begins to end. A file
    ///   left by an earlier run is removed now.
    init(file: String?, manager: SystemdNotifier = SystemdNotifier(), logger: Logger) {
        self.file = file
        self.manager = manager
        self.logger = logger
        if let file { unlink(file) }
    }

    var isReady: Bool { state.withLockedValue { $0.isReady && !$0.hasEnded } }

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
            if missing.isEmpty {
                state.isReady = true
                return (true, false)
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
    func end() {
        let wasReady = state.withLockedValue { state in
            defer { state.hasEnded = true }
            return state.isReady && !state.hasEnded
        }
        if wasReady, let file { unlink(file) }
        _ = manager.send("STOPPING=1")
    }

    private func begin() {
        logger.notice("ready")
        if let reason = manager.send("READY=1") {
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
