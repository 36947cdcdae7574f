import Bytes
import Glibc
package import Logging
import NIOConcurrencyHelpers

/// The log for operators: each entry is one line, whatever is in it.
///
///     2026-11-21T10:00:00Z notice berth: address=0.0.0.0:8080 rules=3 tier=front [Operations] listening
///
/// Values come from rule files, registries, engines and peers. A value with a blank, a quotation mark, `=` or a character
/// that is not printable is in quotation marks, with these characters escaped.
package struct DiagnosticLog: LogHandler {
    /// The maximum length of a value, bytes; the rest is left out.
    static let maxValueBytes = 4096
    /// Bytes of entries that may wait to be written.
    private static let maxWaitingBytes = 256 << 10

    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level {
        get { own ?? threshold.level }
        set { own = newValue }
    }
    /// Set for this logger alone.
    private var own: Logger.Level?
    private let threshold: LogThreshold
    private let label: String
    private let sink: LogSink

    /// - Parameter threshold: of all loggers.
    package init(label: String, sink: LogSink, threshold: LogThreshold = LogThreshold(.notice)) {
        self.label = label
        self.sink = sink
        self.threshold = threshold
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let line = LogLine(capacity: 256)
        Self.write(
            level: event.level,
            label: label,
            metadata: metadata.merging(event.metadata ?? [:]) { $1 },
            source: event.source,
            message: "\(event.message)",
            into: line
        )
        sink.write(line, lines: 1)
    }

    /// A sink for entries on standard error.
    ///
    /// - Throws: `LogSinkError` where the system has no thread left.
    package static func standardError() throws(LogSinkError) -> LogSink {
        let sink = try sink(.standardError)
        standardSink.withLockedValue { $0 = sink }
        return sink
    }

    private static let standardSink = NIOLockedValueBox<LogSink?>(nil)

    /// Entries on standard error that were dropped so far: nobody read them, or the disk was full. Any thread.
    package static var droppedEntries: UInt64 { standardSink.withLockedValue { $0 }?.droppedLines ?? 0 }

    static func sink(_ output: LogOutput) throws(LogSinkError) -> LogSink {
        try LogSink(output, maxWaitingBytes: maxWaitingBytes) { sink, event in
            guard case .dropped(let lines, let reason) = event else { return }
            let line = LogLine(capacity: 256)
            write(
                level: .warning,
                label: "berth",
                metadata: ["messages": "\(lines)", "reason": "\(reason)"],
                source: "Operations",
                message: "messages of this log were dropped",
                into: line
            )
            sink.write(line, lines: 1)
        }
    }

    private static func write(
        level: Logger.Level,
        label: String,
        metadata: Logger.Metadata,
        source: String,
        message: String,
        into line: LogLine
    ) {
        line.append(UTCTime(secondsSince1970: time(nil)).iso8601)
        line.append("Z ")
        line.append(level.rawValue)
        line.append(" ")
        line.append(label)
        line.append(":")
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line.append(" ")
            line.append(key)
            line.append("=")
            line.append(self.value("\(value)"))
        }
        line.append(" [")
        line.append(source)
        line.append("] ")
        line.append(Printable.text(message))
        line.append("\n")
    }

    /// A value as an entry has it.
    static func value(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
                && $0 != UInt8(ascii: "=")
        }
        if isPlain, !text.isEmpty, text.utf8.count <= maxValueBytes { return text }
        var out = "\""
        for scalar in text.unicodeScalars {
            if out.utf8.count > maxValueBytes {
                out += "…"
                break
            }
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                if Printable.isPrintable(scalar) {
                    out.unicodeScalars.append(scalar)
                } else {
                    out += Printable.escape(scalar)
                }
            }
        }
        return out + "\""
    }
}
