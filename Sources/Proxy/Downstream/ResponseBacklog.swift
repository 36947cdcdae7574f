import Transports
import ProxyCore

/// What waits for a client to accept it, looked at once a tick.
struct ResponseBacklog {
    /// What waited at the last tick, bytes.
    private(set) var bytes = 0
    private var progress = WriteProgress()

    mutating func wrote(_ count: Int) {
        progress.wrote(count)
    }

    /// Bytes that the client accepted since the last tick are a sign of life, however few; and its time to accept
    /// them begins when there are some.
    ///
    /// - Returns: whether there was such a sign, or such a beginning.
    mutating func update(_ transport: any Transport) -> Bool {
        let before = bytes
        bytes = transport.waitingBytes
        guard bytes > 0 || before > 0 else { return false }
        // Where some waits the kernel's own buffer is full, and shows sooner what was accepted.
        let accepted = progress.advanced(
            waiting: bytes &+ (bytes > 0 ? transport.unacknowledgedBytes : 0)
        )
        return accepted || (before == 0) != (bytes == 0)
    }
}
