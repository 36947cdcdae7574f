/// Whether the peer of a transport accepts bytes, however few.
package struct WriteProgress {
    /// Bytes written so far.
    package private(set) var written: UInt64 = 0
    /// Of those, what the peer was seen to have accepted.
    private var accepted: UInt64 = 0

    package init() {}

    package mutating func wrote(_ bytes: Int) {
        written &+= UInt64(UInt(bitPattern: bytes))
    }

    /// Counts from zero again.
    package mutating func restart() {
        written = 0
        accepted = 0
    }

    /// Whether the peer accepted bytes since the last call.
    ///
    /// - Parameter waiting: what was written and it has not accepted yet, bytes.
    package mutating func advanced(waiting: Int) -> Bool {
        let before = accepted
        let now = UInt64(UInt(bitPattern: waiting))
        accepted = written > now ? written &- now : 0
        return accepted > before
    }
}
