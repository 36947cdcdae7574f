import Glibc
import NIOCore

/// Descriptors that are to be closed at the end of a round. The system frees what waits in their buffers: with megabytes in
/// each, a hundred took ten milliseconds. So of many a round closes some.
struct ClosingDescriptors {
    /// As long as one round may take for more than an eighth of them.
    private static let time = TimeAmount.microseconds(100)

    private var all: [Int32] = []

    var isEmpty: Bool { all.isEmpty }
    var count: Int { all.count }

    mutating func append(_ descriptor: Int32) { all.append(descriptor) }

    /// Closes some, at least an eighth: however many come in each round, none waits for more than some rounds.
    mutating func closeSome() {
        guard all.count > 1 else {
            closeAll()
            return
        }
        let end = NIODeadline.now() + Self.time
        let least = (all.count + 7) / 8
        var closed = 0
        repeat {
            Glibc.close(all[closed])
            closed += 1
        } while closed < all.count && (closed < least || .now() < end)
        all.removeFirst(closed)
    }

    /// - Returns: whether there was any.
    @discardableResult
    mutating func closeAll() -> Bool {
        guard !all.isEmpty else { return false }
        for descriptor in all { Glibc.close(descriptor) }
        all.removeAll(keepingCapacity: true)
        return true
    }
}
