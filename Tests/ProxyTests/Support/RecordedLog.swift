import NIOConcurrencyHelpers
import NIOCore
import ProxyCore
import Routing

/// The records of all loops, for a test to look at.
final class RecordedLog: Sendable {
    struct Entry: Sendable {
        var status: Int
        var rule: String?
        var cause: Failure.Reason?
        var detail: String?
        var retried: Bool
        var reused: Bool
        var target: String
        var bytesIn: UInt64
        var bytesOut: UInt64

        init(_ record: ExchangeRecord) {
            status = record.status
            rule = record.decision?.ruleName
            cause = record.failure?.reason
            detail = record.failure?.detail
            retried = record.retried
            reused = record.reused
            target = String(buffer: record.target)
            bytesIn = record.bytesIn
            bytesOut = record.bytesOut
        }
    }

    private let state = NIOLockedValueBox<[Entry]>([])
    private let waiters = NIOLockedValueBox<[AsyncStream<Void>.Continuation]>([])

    var entries: [Entry] { state.withLockedValue { $0 } }

    func append(_ entry: Entry) {
        state.withLockedValue { $0.append(entry) }
        for waiter in waiters.withLockedValue({ $0 }) { waiter.yield() }
    }

    /// Waits until there are `count` entries.
    func wait(for count: Int) async -> [Entry] {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        waiters.withLockedValue { $0.append(continuation) }
        if entries.count >= count { return entries }
        for await _ in stream where entries.count >= count { break }
        return entries
    }
}

final class LoopLog: ExchangeLog {
    private let log: RecordedLog

    init(_ log: RecordedLog) {
        self.log = log
    }

    func record(_ record: ExchangeRecord) {
        log.append(RecordedLog.Entry(record))
    }

    func flush() {}
}
