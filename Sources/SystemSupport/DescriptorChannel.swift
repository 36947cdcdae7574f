import CProcess
import Glibc

/// One end of a connection between two processes of this machine, over which messages pass with copies of descriptors
/// (SCM_RIGHTS, unix(7)).
///
/// A message arrives whole, or not at all. Any thread; one that receives at a time.
package struct DescriptorChannel: Sendable {
    package struct Message: Sendable {
        package var bytes: [UInt8]
        /// They belong to whoever receives the message.
        package var descriptors: [Int32]
    }

    /// Descriptors of one message, at most.
    package static let maxDescriptors = Int(BERTH_MAX_DESCRIPTORS)
    /// Bytes of one message, at most.
    package static let maxBytes = 64 << 10

    package let descriptor: Int32

    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    package static func pair() throws(SystemError) -> (DescriptorChannel, DescriptorChannel) {
        var descriptors: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &descriptors) == 0 else {
            throw SystemError("socketpair", errno: errno)
        }
        return (DescriptorChannel(descriptors[0]), DescriptorChannel(descriptors[1]))
    }

    /// Sends a message. The other process has descriptors of its own for the same files then.
    ///
    /// - Parameter waits: false: fails with EAGAIN where the other end does not receive.
    package func send(_ bytes: [UInt8], _ descriptors: [Int32] = [], waits: Bool = true) throws(SystemError) {
        guard bytes.count <= Self.maxBytes else { throw SystemError("sendmsg", errno: EMSGSIZE) }
        let flags = waits ? 0 : Int32(MSG_DONTWAIT)
        let code = berth_send_descriptors(
            descriptor,
            nil,
            0,
            bytes,
            bytes.count,
            descriptors,
            descriptors.count,
            flags
        )
        guard code == 0 else { throw SystemError("sendmsg", errno: code) }
    }

    /// Bounds how long sending waits for room. A message that finds none in this time fails with `EAGAIN`.
    package func limitSending(to limit: Duration) throws(SystemError) {
        let (seconds, fraction) = limit.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(fraction / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size) == 0 else {
            throw SystemError("setsockopt", errno: errno)
        }
    }

    /// Receives the next message.
    ///
    /// - Parameter limit: how long to wait for it.
    /// - Returns: nil: the other end is closed.
    /// - Throws: with ETIMEDOUT where none has come, and where a message is larger than it may be.
    package func receive(within limit: Duration) throws(SystemError) -> Message? {
        guard isReadable(within: limit) else { throw SystemError("recvmsg", errno: ETIMEDOUT) }
        var bytes = [UInt8](repeating: 0, count: Self.maxBytes)
        var descriptors = [Int32](repeating: -1, count: Self.maxDescriptors)
        var count = 0
        let received = berth_receive_descriptors(descriptor, &bytes, bytes.count, &descriptors, &count)
        descriptors.removeLast(descriptors.count - min(count, descriptors.count))
        guard received > 0 else {
            for descriptor in descriptors { Glibc.close(descriptor) }
            if received == 0 || received == -Int(ECONNRESET) { return nil }
            throw SystemError("recvmsg", errno: Int32(truncatingIfNeeded: -received))
        }
        bytes.removeLast(bytes.count - min(received, bytes.count))
        return Message(bytes: bytes, descriptors: descriptors)
    }

    /// Whether a message, or the end, is there within a time.
    package func isReadable(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = max(.zero, end - .now)
            let milliseconds =
                left.components.seconds * 1000 + (left.components.attoseconds + 999_999_999_999_999)
                / 1_000_000_000_000_000
            let result = poll(&ready, 1, Int32(clamping: milliseconds))
            if result != 0, !(result < 0 && errno == EINTR) { return true }
            if left == .zero { return false }
        }
    }

    package func close() { Glibc.close(descriptor) }
}
