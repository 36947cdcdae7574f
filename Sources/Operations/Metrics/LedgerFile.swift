import Bytes
import Logging
import Metrics
import ProxyCore
import Settings
import NIOConcurrencyHelpers
import Glibc
import SystemSupport

/// Appends the counts of each interval to the file of a ledger: a JSON object for each name.
final class LedgerFile: Sendable {
    /// How long event loops may take to report what they have counted.
    static let patience = Duration.seconds(5)

    private let settings: LedgerSettings
    private let tier: String
    private let sink: LogSink
    private let task = NIOLockedValueBox<Task<Void, Never>?>(nil)
    /// When the present interval began, seconds since 1970.
    private let began: NIOLockedValueBox<Int>

    /// Opens the file.
    ///
    /// - Parameter path: of `settings`.
    init(_ settings: LedgerSettings, path: String, tier: String, logger: Logger) throws(LedgerError) {
        self.settings = settings
        self.tier = tier
        began = NIOLockedValueBox(time(nil))
        var logger = logger
        logger[metadataKey: "path"] = "\(path)"
        do throws(LogSinkError) {
            sink = try LogSink(path: path) { [logger] _, event in
                switch event {
                case .stalled: logger.error("the ledger is not being written in time; its lines are dropped")
                case .dropped(let lines, let reason):
                    logger.error(
                        "lines of the ledger were dropped",
                        metadata: ["lines": "\(lines)", "reason": "\(reason)"]
                    )
                case .reopened: logger.notice("ledger reopened")
                case .notReopened(let reason):
                    logger.error(
                        "ledger not reopened; the file that was open stays in use",
                        metadata: ["reason": "\(reason)"]
                    )
                // It has no maximum size.
                case .rotated, .notRotated: break
                }
            }
        } catch {
            throw LedgerError(path: path, reason: error.reason)
        }
    }

    var droppedLines: UInt64 { sink.droppedLines }

    func reopen() { sink.reopen() }

    /// Writes at the end of each interval, until `stop`.
    ///
    /// - Parameters:
    ///   - rest: what event loops have counted, and nobody has written yet.
    ///   - fill: has the loops report.
    func start(_ rest: LedgerRest, _ fill: @escaping @Sendable () async -> Void) {
        let task = Task { [self] in
            while !Task.isCancelled {
                let wait = Self.wait(now: Self.now(), every: Double(settings.every))
                do { try await Task.sleep(for: .seconds(wait)) } catch { return }
                await fill()
                write(rest.take())
            }
        }
        self.task.withLockedValue { $0 = task }
    }

    /// Writes what the last interval has, and closes the file.
    func stop(_ rest: LedgerRest) async {
        let running = task.withLockedValue { $0 }
        running?.cancel()
        await TimeLimit.wait(Self.patience) { await running?.value }
        write(rest.take())
        await sink.close()
    }

    /// Seconds until the next multiple of `every`.
    static func wait(now: Double, every: Double) -> Double {
        guard every > 0 else { return 1 }
        return max(0.001, ((now / every).rounded(.down) + 1) * every - now)
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func write(_ counts: [LedgerCounts]) {
        let end = time(nil)
        let start = began.withLockedValue { began in
            defer { began = end }
            return began
        }
        let lines = LedgerLines(counts, limit: settings.names)
        guard lines.count > 0 else { return }
        let out = LogLine()
        lines.write(tier: tier, by: settings.by ?? "", from: start, to: end, into: out)
        sink.write(out, lines: UInt64(lines.count))
    }
}

/// Why there is no ledger: a message for the operator.
package struct LedgerError: Error, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "metrics.ledger: cannot write \(path): \(reason)" }
}

extension Double {
    fileprivate init(_ duration: Duration) {
        self = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
