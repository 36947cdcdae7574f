import HTTP1
import NIOCore
import Routing

/// Records what rules tap, on one event loop: heads, and the beginnings of bodies.
///
/// The bytes that it holds are limited. A request for which there is no room is not recorded, and counted; nothing waits
/// for a tap. On its loop alone.
package final class Tap {
    /// Bytes of heads and bodies that may be held for requests that run, of one loop.
    package static let maxHeldBytes = 8 << 20

    /// Receives each record at the end of its exchange. Must not block.
    package typealias Write = (TapContent, ExchangeRecord) -> Void
    /// Called for each request that is not recorded for lack of room.
    package typealias Skip = () -> Void

    private let limit: Int
    private let write: Write
    private let skip: Skip
    /// For tests.
    package private(set) var heldBytes = 0

    /// - Parameter limit: of the bytes that are held.
    package init(limit: Int = maxHeldBytes, skip: @escaping Skip, write: @escaping Write) {
        self.limit = limit
        self.write = write
        self.skip = skip
    }

    /// Begins to record a request, if it is one that is chosen, and if there is room.
    ///
    /// - Parameters:
    ///   - source: the bytes that `head` was parsed from, at its reader index.
    ///   - id: the request's.
    func begin(
        _ policy: TapPolicy,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        id: ByteBuffer
    ) -> TapRecord? {
        guard policy.sample.includes(id.readableBytesUInt8Span) else { return nil }
        // Before anything is copied.
        if heldBytes &+ head.length <= limit {
            let record = TapRecord(policy, of: self)
            if record.request(head, source) { return record }
        }
        skip()
        return nil
    }

    /// - Returns: false where there is no room for them.
    func hold(_ bytes: Int) -> Bool {
        guard heldBytes &+ bytes <= limit else { return false }
        heldBytes &+= bytes
        return true
    }

    func release(_ bytes: Int) { heldBytes &-= bytes }

    func end(_ content: TapContent, _ record: ExchangeRecord) { write(content, record) }
}
