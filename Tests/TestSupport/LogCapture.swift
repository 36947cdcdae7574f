package import Logging
import NIOConcurrencyHelpers

/// Keeps what a logger is given, for a test to look at.
package final class LogCapture: Sendable {
    package struct Line: Sendable {
        package let level: Logger.Level
        package let message: String
        package let metadata: [String: String]
    }

    private let kept = NIOLockedValueBox<[Line]>([])

    package init() {}

    /// In the order in which they came.
    package var lines: [Line] { kept.withLockedValue { $0 } }
    package var messages: [String] { lines.map(\.message) }

    /// A logger of notices and worse whose lines are kept here.
    package func logger() -> Logger {
        Logger(label: "test") { _ in Handler(capture: self) }
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.notice

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(
                level: event.level,
                message: "\(event.message)",
                metadata: metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            )
            capture.kept.withLockedValue { $0.append(line) }
        }
    }
}
