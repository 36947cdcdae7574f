import HTTP1
import NIOCore
import ProxyCore

/// The body of a request on an HTTP/1 connection: which of the bytes that arrived belong to it.
struct HTTP1RequestBody {
    private var decoder = BodyDecoder(.none)
    private var trailerBytes = 0

    init() {}

    /// - Parameter limits: of trailers.
    init(_ framing: BodyFraming, limits: HeadLimits) {
        decoder = BodyDecoder(framing, limits: limits)
        trailerBytes = limits.headBytes
    }

    /// How many bytes may wait to be read before no more are accepted.
    ///
    /// - Parameter isTaken: the body is read as it arrives. Trailers are read as a whole: as many bytes as they may have
    ///   must fit.
    func heldBytes(isTaken: Bool) -> Int {
        isTaken ? max(DataPathConstants.heldBytes, trailerBytes &+ 1) : DataPathConstants.heldBytes
    }

    /// Bytes received so far, without framing.
    var bytes: UInt64 { decoder.bodyBytes }

    /// It is known that no more than `count` bytes are to come.
    ///
    /// - Parameter inbound: what has arrived of it, and was not read yet.
    func endsWithin(_ count: UInt64, after inbound: ByteBuffer) -> Bool {
        var copy = self
        var inbound = inbound
        var runs: [Range<Int>] = []
        guard let ended = try? copy.read(&inbound, into: &runs, limit: nil) else { return false }
        return ended || copy.decoder.rest.map { $0 <= count } ?? false
    }

    /// Takes from `inbound` what belongs to the body.
    ///
    /// - Parameters:
    ///   - runs: what of it passes on, as offsets from the reader index that `inbound` had.
    ///   - limit: the largest body, bytes; nil for none.
    /// - Returns: whether the body is complete.
    mutating func read(
        _ inbound: inout ByteBuffer,
        into runs: inout [Range<Int>],
        limit: UInt64?
    ) throws(Failure) -> Bool {
        runs.removeAll(keepingCapacity: true)
        var offset = 0
        var ended = false
        do {
            runs: while true {
                switch try decoder.nextRun(inbound.readableBytesUInt8Span, offset: &offset) {
                case .pass(let range): runs.append(range.indices)
                case .needMore: break runs
                case .end:
                    ended = true
                    break runs
                }
            }
        } catch {
            throw Failure(requestBody: error)
        }
        inbound.moveReaderIndex(forwardBy: offset)
        if let limit, decoder.bodyBytes > limit { throw Failure(.bodyTooLarge) }
        return ended
    }

    /// Takes the whole body where it is small and has arrived; else takes nothing.
    ///
    /// - Parameter out: the body is appended here.
    mutating func readSmall(
        _ inbound: inout ByteBuffer,
        into out: inout ByteBuffer,
        runs: inout [Range<Int>],
        limit: UInt64?
    ) throws(Failure) -> Bool {
        guard inbound.readableBytes > 0, inbound.readableBytes <= DataPathConstants.coalescedBytes else {
            return false
        }
        let source = inbound
        let before = decoder
        guard try read(&inbound, into: &runs, limit: limit) else {
            decoder = before
            inbound = source
            return false
        }
        for run in runs { out.writeBytes(source.readableBytesUInt8Span.extracting(run).bytes) }
        return true
    }

    /// Large runs go as they are; small ones, between which something was left out, in one piece.
    static func pass(_ runs: [Range<Int>], of source: ByteBuffer, to send: (ByteBuffer) -> Void) {
        var small = ByteBuffer()
        for run in runs {
            guard let slice = source.getSlice(at: source.readerIndex + run.lowerBound, length: run.count)
            else { continue }
            if runs.count > 1, slice.readableBytes <= DataPathConstants.smallPieceBytes {
                small.writeImmutableBuffer(slice)
                continue
            }
            if small.readableBytes > 0 {
                send(small)
                small = ByteBuffer()
            }
            send(slice)
        }
        if small.readableBytes > 0 { send(small) }
    }
}
