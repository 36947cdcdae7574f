import Glibc
import NIOCore
import Transports

@testable import EpollLoop

/// A loop that the test's own thread runs, round by round, and a connection between it and the test.
final class LoopBench {
    let loop: EpollLoop
    let transport: SocketTransport
    let owner = RecordingOwner()
    /// The test's end.
    private(set) var far: Int32

    /// - Parameter bufferBytes: of the kernel, for each direction.
    init(bufferBytes: Int32? = nil) throws {
        loop = try EpollLoop()
        loop.adoptThread()
        var ends: [Int32] = [-1, -1]
        let result = socketpair(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
            0,
            &ends
        )
        guard result == 0 else { throw SocketError("socketpair") }
        if let bufferBytes {
            for end in ends {
                SocketOptions.set(SO_SNDBUF, of: SOL_SOCKET, to: bufferBytes, on: end)
                SocketOptions.set(SO_RCVBUF, of: SOL_SOCKET, to: bufferBytes, on: end)
            }
        }
        far = ends[1]
        transport = SocketTransport(ends[0], loop: loop)
        transport.owner = owner
    }

    deinit {
        transport.close()
        closeFar()
    }

    /// Lets everything happen that happens at once.
    func settle() {
        for _ in 0..<20 { round() }
    }

    /// One round, without waiting.
    func round() {
        loop.enqueue {}
        loop.round()
    }

    // MARK: The far end

    func send(_ text: String) { send(Array(text.utf8)) }

    /// - Returns: how many of the bytes the kernel accepted.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        max(0, Glibc.send(far, bytes, bytes.count, Int32(MSG_NOSIGNAL)))
    }

    /// What has arrived; nil at the end.
    func receive(_ count: Int = 1 << 20) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(far, &bytes, count, 0)
        if received == 0 { return nil }
        return Array(bytes.prefix(max(0, received)))
    }

    func closeOutput() { shutdown(far, Int32(SHUT_WR)) }

    func closeFar() {
        guard far >= 0 else { return }
        Glibc.close(far)
        far = -1
    }
}

/// Notes what a transport tells its owner.
final class RecordingOwner: TransportOwner {
    var acceptsBytes = true
    private(set) var received: [UInt8] = []
    private(set) var events: [String] = []
    /// Called with each read.
    var onReceive: (() -> Void)?

    var text: String { String(decoding: received, as: UTF8.self) }

    func received(_ bytes: inout ByteBuffer) {
        received += bytes.readableBytesView
        onReceive?()
    }

    func readCompleted() {}
    func inputEnded() { events.append("input ended") }
    func becameWritable() { events.append("writable") }
    func closed(failed: Bool) { events.append(failed ? "failed" : "closed") }
}
