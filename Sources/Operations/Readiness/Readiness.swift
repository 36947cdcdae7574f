import Glibc
import Logging
import Names
import NIOConcurrencyHelpers

/// Whether a tier knows its names: it is ready once, when it listens and each source that holds all its
/// names has told them, or serves those that it kept from before.
///
/// Told to the log, to the service manager and, where one is wanted, by a file that is there while the tier
/// is ready. A source that is down later makes a tier no less ready: its last names serve.
final class Readiness: Sendable {
    private struct State {
        var saidWaiting = false
        var isReady = false
        var hasEnded = false
    }

    private let file: String?
    private let manager: SystemdNotifier
    private let logger: Logger
    private let state = NIOLockedValueBox(State())

    /// - Parameter file: created when the tier is ready, removed when it begins to end; one that an earlier
    ///   life left behind is removed now.
    init(file: String?, manager: SystemdNotifier = SystemdNotifier(), logger: Logger) {
        self.file = file
        self.manager = manager
        self.logger = logger
        if let file { unlink(file) }
    }

    var isReady: Bool { state.withLockedValue { $0.isReady && !$0.hasEnded } }

    /// Sources that have said nothing that could serve.
    static func missing(_ table: NameTable) -> [String] {
        table.layers.compactMap { layer in
            switch layer.content {
            case .cold, .failed: layer.source
            case .names, .answers: nil
            }
        }
    }

    /// The names as they are now, in their order of time.
    func take(_ table: NameTable) {
        let missing = Self.missing(table)
        let (isNew, waits) = state.withLockedValue { state -> (Bool, Bool) in
            guard !state.isReady, !state.hasEnded else { return (false, false) }
            if missing.isEmpty {
                state.isReady = true
                return (true, false)
            }
            defer { state.saidWaiting = true }
            return (false, !state.saidWaiting)
        }
        if waits {
            logger.notice(
                "not ready: waiting for names",
                metadata: ["sources": "\(missing.joined(separator: ", "))"]
            )
        }
        if isNew { begin() }
    }

    /// The tier begins to end.
    func end() {
        let wasReady = state.withLockedValue { state in
            defer { state.hasEnded = true }
            return state.isReady && !state.hasEnded
        }
        if wasReady, let file { unlink(file) }
        _ = manager.tell("STOPPING=1")
    }

    private func begin() {
        logger.notice("ready")
        if let reason = manager.tell("READY=1") {
            logger.error("service manager not told that the tier is ready", metadata: ["reason": "\(reason)"])
        }
        guard let file else { return }
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            return logger.error(
                "ready file not written",
                metadata: ["path": "\(file)", "reason": "\(reason)"]
            )
        }
        close(descriptor)
    }
}
