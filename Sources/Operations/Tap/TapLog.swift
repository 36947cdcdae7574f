package import Logging
import NIOCore
import Proxy
package import ProxyCore
import Synchronization

/// The log of what rules tap: one JSON object for each exchange, in a file that its owner alone can read.
///
/// Loops hand over what they have recorded; the lines are made and written on the log's own thread.
package final class TapLog: Sendable {
    /// Bytes that may wait to be written.
    static let maxWaitingBytes = 16 << 20

    /// Where it is.
    package struct Destination: Sendable, Equatable {
        package var path: String
        /// Nil: the file grows.
        package var rotation: LogRotation?

        package init(path: String, rotation: LogRotation? = nil) {
            self.path = path
            self.rotation = rotation
        }
    }

    let sink: LogSink
    private let tier: String
    private let recordCount = Atomic<UInt64>(0)
    private let skipCount = Atomic<UInt64>(0)

    /// - Parameter tier: `front` or `local`, for the records.
    /// - Throws: `LogSinkError` if the file cannot be opened, or others may read it.
    package init(_ destination: Destination, tier: String, logger: Logger) throws(LogSinkError) {
        self.tier = tier
        do throws(LogSinkError) {
            sink = try LogSink(
                path: destination.path,
                access: .owner,
                rotation: destination.rotation,
                maxWaitingBytes: Self.maxWaitingBytes,
                report: LogSinkEvents("tap log", logger).reporter(path: destination.path)
            )
        } catch {
            var error = error
            error.log = "tap log"
            throw error
        }
    }

    /// Exchanges that were recorded so far. Any thread.
    package var records: UInt64 { recordCount.load(ordering: .relaxed) }
    /// Exchanges that were chosen and not recorded, because too many bytes were held or waited to be written. Any thread.
    package var skipped: UInt64 { skipCount.load(ordering: .relaxed) }

    /// For one event loop.
    package func tap() -> Tap {
        let clock = TapClock()
        return Tap(skip: { [self] in skipCount.wrappingAdd(1, ordering: .relaxed) }) {
            [self] content, record in
            let line = TapLine(record, content, tier: tier, at: clock.now())
            if sink.write(bytes: line.bytes, { line.text() }) {
                recordCount.wrappingAdd(1, ordering: .relaxed)
            } else {
                skipCount.wrappingAdd(1, ordering: .relaxed)
            }
        }
    }
}

/// The clock of one event loop's tap.
private final class TapClock {
    private var clock = LogClock()

    func now() -> LogClock.Moment { clock.now() }
}

extension TierService.Options {
    /// The same with a tap log; nil: there is none.
    package func recording(to destination: TapLog.Destination?) -> Self {
        var options = self
        options.tapLog = destination
        return options
    }
}
