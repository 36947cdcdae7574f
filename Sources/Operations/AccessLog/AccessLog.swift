import NIOCore
import Proxy
package import ProxyCore

/// The form of the access log.
package enum AccessLogFormat: String, Sendable, CaseIterable {
    /// One line like nginx's `combined`, with Berth's `key=value` pairs after it.
    case text
    /// One JSON object a line.
    case json
}

/// The access log of one event loop: formats records into a buffer, and gives it to the sink when it is large and at
/// each tick.
package final class AccessLog: ExchangeLog {
    /// A buffer of this many bytes is written at once.
    static let batchBytes = 64 << 10

    private let sink: LogSink
    private let format: AccessLogFormat
    private let tier: String
    private var header: SyslogHeader?
    private var batch = LogLine()
    private var lines: UInt64 = 0
    private var clock = LogClock()

    /// - Parameters:
    ///   - tier: `front` or `local`, for the records.
    ///   - isSyslog: each line begins as a log daemon reads it.
    package init(sink: LogSink, format: AccessLogFormat, tier: String, isSyslog: Bool = false) {
        self.sink = sink
        self.format = format
        self.tier = tier
        header = isSyslog ? SyslogHeader(tag: "berth-\(tier)") : nil
    }

    package func record(_ record: ExchangeRecord) {
        guard record.isLogged else { return }
        let now = clock.now()
        header?.write(.of(record), second: now.second, into: batch)
        switch format {
        case .text: TextRecord.write(record, at: now, into: batch)
        case .json: JSONRecord.write(record, tier: tier, at: now, into: batch)
        }
        lines &+= 1
        if batch.count >= Self.batchBytes { flush() }
    }

    package func flush() {
        guard batch.count > 0 else { return }
        sink.write(batch, lines: lines)
        batch = LogLine()
        lines = 0
    }
}
