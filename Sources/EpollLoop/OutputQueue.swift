import Glibc
import NIOCore

/// The bytes that a socket has been given and the kernel has not accepted yet.
///
/// Pieces are referred to, not copied, as long as they may leave at once. What the kernel does not accept is copied into
/// one buffer of its size: what waits for a slow reader holds no more memory than its bytes.
struct OutputQueue {
    /// What became of an attempt to send.
    enum Outcome: Equatable {
        /// Everything has left.
        case sent
        /// The kernel accepts no more at the moment.
        case blocked
        /// errno(3).
        case failed(Int32)
    }

    /// Pieces of one system call.
    private static let maxVectors = 16

    /// The first piece apart: mostly there is no other, and it costs no array.
    private var first = ByteBuffer()
    private var rest: [ByteBuffer] = []
    private(set) var bytes = 0
    /// All of it is in `first`, in a buffer that nobody else has.
    private(set) var isHeld = false

    var isEmpty: Bool { bytes == 0 }

    mutating func append(_ piece: ByteBuffer) {
        let count = piece.readableBytes
        guard count > 0 else { return }
        if isHeld {
            if first.readerIndex >= first.readableBytes { first.discardReadBytes() }
            first.writeImmutableBuffer(piece)
        } else if bytes == 0 {
            first = piece
        } else {
            rest.append(piece)
        }
        bytes &+= count
    }

    mutating func removeAll() {
        self = OutputQueue()
    }

    /// Sends what the kernel accepts.
    mutating func send(to descriptor: Int32) -> Outcome {
        while bytes > 0 {
            let offered: Int
            let sent: Int
            if rest.isEmpty {
                offered = first.readableBytes
                sent = first.withUnsafeReadableBytes {
                    Self.result(Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)))
                }
            } else {
                (offered, sent) = sendPieces(to: descriptor)
            }
            guard sent >= 0 else {
                let code = Int32(truncatingIfNeeded: -sent)
                if code == EINTR { continue }
                guard code == EAGAIN else { return .failed(code) }
                hold()
                return .blocked
            }
            consume(sent)
            if sent < offered {
                hold()
                return .blocked
            }
        }
        return .sent
    }

    /// Negative: errno(3), read before anything else can change it.
    private static func result(_ count: Int) -> Int { count < 0 ? -Int(errno) : count }

    /// Up to `maxVectors` pieces in one call.
    private func sendPieces(to descriptor: Int32) -> (offered: Int, sent: Int) {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.maxVectors) { vectors in
            var offered = 0
            let sent = gather(0, into: vectors, &offered) { count in
                var message = msghdr()
                message.msg_iov = vectors.baseAddress
                message.msg_iovlen = count
                return Self.result(sendmsg(descriptor, &message, Int32(MSG_NOSIGNAL)))
            }
            return (offered, sent)
        }
    }

    /// Each piece's memory is only there within a call of its own.
    private func gather(
        _ index: Int,
        into vectors: UnsafeMutableBufferPointer<iovec>,
        _ offered: inout Int,
        _ send: (Int) -> Int
    ) -> Int {
        guard index < vectors.count, index <= rest.count else { return send(index) }
        return (index == 0 ? first : rest[index - 1]).withUnsafeReadableBytes { memory in
            vectors.initializeElement(
                at: index,
                to: iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: memory.baseAddress),
                    iov_len: memory.count
                )
            )
            offered &+= memory.count
            return gather(index + 1, into: vectors, &offered, send)
        }
    }

    private mutating func consume(_ count: Int) {
        bytes &-= count
        guard bytes > 0 else {
            first = ByteBuffer()
            if !rest.isEmpty { rest.removeAll(keepingCapacity: false) }
            isHeld = false
            return
        }
        var left = count
        if left < first.readableBytes { return first.moveReaderIndex(forwardBy: left) }
        left &-= first.readableBytes
        var whole = 0
        while left >= rest[whole].readableBytes {
            left &-= rest[whole].readableBytes
            whole += 1
        }
        first = rest[whole]
        first.moveReaderIndex(forwardBy: left)
        rest.removeFirst(whole + 1)
    }

    /// Copies what waits, out of buffers that others use or that are much larger.
    private mutating func hold() {
        guard !isHeld else { return }
        var own = ByteBuffer()
        own.reserveCapacity(bytes)
        own.writeImmutableBuffer(first)
        for piece in rest { own.writeImmutableBuffer(piece) }
        first = own
        rest = []
        isHeld = true
    }
}
