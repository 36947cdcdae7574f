import ProxyCore
import Glibc
import NIOCore
import NIOPosix

/// What a connection was given to write: how many pieces of it may still wait, and whether its peer takes any.
///
/// A watermark counts bytes. A piece of one byte costs some hundred more while it waits, and so pieces are counted too.
struct WriteBacklog {
    /// Since the last piece of a full count left.
    private var pieces = 0
    /// Bytes written so far.
    private(set) var written: UInt64 = 0
    /// Of those, what the peer was seen to have taken.
    private var taken: UInt64 = 0

    /// No more may be written before `emptied`.
    var isFull: Bool { pieces >= DataPathConstants.waitingPieces }

    /// Notes a piece.
    ///
    /// - Returns: true for one that makes the count full: call `emptied` when it has left.
    mutating func add(_ bytes: Int) -> Bool {
        written &+= UInt64(UInt(bitPattern: bytes))
        pieces &+= 1
        return pieces == DataPathConstants.waitingPieces
    }

    mutating func emptied() {
        pieces = 0
    }

    /// Begins to count the bytes anew.
    mutating func restart() {
        written = 0
        taken = 0
    }

    /// Whether the peer took bytes since the last look, however few.
    ///
    /// - Parameter waiting: what was written and it has not taken yet, bytes.
    mutating func tookMore(waiting: Int) -> Bool {
        let before = taken
        let now = UInt64(UInt(bitPattern: waiting))
        taken = written > now ? written &- now : 0
        return taken > before
    }
}

extension Channel {
    /// What has been written and the kernel has not taken yet, bytes.
    var waitingBytes: Int {
        (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// What the kernel has taken and the peer has not acknowledged yet, bytes. One system call.
    var unacknowledgedBytes: Int {
        let count = try? pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { descriptor in
            var bytes: Int32 = 0
            // SIOCOUTQ, see tcp(7).
            return ioctl(descriptor, UInt(TIOCOUTQ), &bytes) == 0 ? Int(max(0, bytes)) : 0
        }
        return count ?? 0
    }
}

extension ByteBuffer {
    /// The same bytes; few of them without the room of the large buffer they were read into, which
    /// they would hold for as long as they wait.
    func withoutRoom() -> ByteBuffer {
        guard readableBytes <= DataPathConstants.smallPieceBytes, storageCapacity > 2 &* readableBytes else {
            return self
        }
        var small = ByteBuffer()
        small.reserveCapacity(readableBytes)
        small.writeImmutableBuffer(self)
        return small
    }
}
