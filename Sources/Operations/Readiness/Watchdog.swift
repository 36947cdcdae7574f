import Glibc
import Proxy

/// `WatchdogSec=` of systemd: the service manager restarts a tier whose event loops stand still.
///
/// The loops themselves notify it, while all of them turn: a loop that hangs, or a thread that is gone, ends it.
enum Watchdog {
    /// A loop turns four times a second at least.
    private static let shortest = Duration.seconds(1)

    /// - Returns: nil: the service manager does not watch this process.
    static func pulse(
        loops: Int,
        _ manager: SystemdNotifier,
        time: String? = getenv("WATCHDOG_USEC").map { String(cString: $0) },
        process: String? = getenv("WATCHDOG_PID").map { String(cString: $0) }
    ) -> LoopPulse? {
        guard let microseconds = time.flatMap(Int.init), microseconds > 0,
            process == nil || process == "\(getpid())"
        else { return nil }
        let limit = Duration.microseconds(microseconds)
        return LoopPulse(loops: loops, patience: max(limit / 2, shortest), interval: limit / 4) {
            _ = manager.send("WATCHDOG=1")
        }
    }
}
