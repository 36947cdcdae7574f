import Bytes

/// Finds where a body ends, and which of its bytes may pass on.
///
/// The pieces `.data`, `.framing` and `.trailer` of a chunked body, in their order, are a chunked body again: the
/// same content in the same chunks, sizes without leading zeros, no extensions, no forbidden trailers.
/// A value type that never allocates; one for each message; use it on one thread at a time.
package struct BodyDecoder: Sendable {
    enum State {
        case length, untilClose
        /// Before a size line; then within one of which only a part passes on.
        case size, sizeDigits, extensions, sizeEnd
        case data, dataEnd
        /// Before a trailer section; then within one that is known to be well formed.
        case trailers, trailerLines
        case done
        case failed(BodyError)
    }

    /// Bytes of content returned so far, without framing: for size limits and logs.
    package private(set) var bodyBytes: UInt64 = 0

    var state: State
    /// Bytes that are left of the body, or of the chunk.
    var remaining: UInt64 = 0
    /// Unconsumed bytes that contain no line end.
    var scanned = 0
    var line = ChunkLine()
    /// See `HTTP1Constants.chunkExcessBytes`.
    var excess = 0
    let limits: HeadLimits

    /// - Parameter limits: of the trailer section, its bytes and its lines.
    package init(_ framing: BodyFraming, limits: HeadLimits = .default) {
        self.limits = limits
        switch framing {
        case .none: state = .done
        case .length(0): state = .done
        case .length(let length):
            state = .length
            remaining = length
        case .chunked: state = .size
        case .untilClose: state = .untilClose
        }
    }

    /// The bytes of the body that were not returned yet; nil where its length is not known.
    package var rest: UInt64? {
        switch state {
        case .length: remaining
        case .done: 0
        default: nil
        }
    }

    /// The last byte of the body was returned.
    package var isComplete: Bool {
        if case .done = state { true } else { false }
    }

    /// The next piece of the body in `bytes` from `offset` on; moves `offset` past it. Loop until `.needMore`
    /// or `.end`, then keep the bytes from `offset` on: at most part of a size line
    /// (`HTTP1Constants.chunkLineBytes`) or part of a trailer section (`HeadLimits.headBytes`).
    ///
    /// - Throws: the same error at each later call.
    package mutating func next(_ bytes: Span<UInt8>, offset: inout Int) throws(BodyError) -> BodyPiece {
        // A range has 32 bits. The bytes after them wait for the next call.
        let end = min(bytes.count, Int(UInt32.max))
        guard offset >= 0, offset <= end else { return .needMore }
        switch state {
        case .data, .length:
            let available = end &- offset
            if available == 0 { return .needMore }
            let count = Int(truncatingIfNeeded: min(remaining, UInt64(available)))
            remaining &-= UInt64(count)
            if remaining == 0 {
                if case .length = state { state = .done } else { state = .dataEnd }
            }
            return .data(pass(count, &offset))
        case .untilClose:
            return offset == end ? .needMore : .data(pass(end &- offset, &offset))
        case .dataEnd:
            guard let first = bytes.byte(at: offset) else { return .needMore }
            guard first == ASCII.cr else { throw fail(.badChunkEnd) }
            guard let second = bytes.byte(at: offset &+ 1) else { return .needMore }
            guard second == ASCII.lf else { throw fail(.badChunkEnd) }
            state = .size
            return .framing(step(2, &offset))
        case .size: return try nextSize(bytes, &offset)
        case .sizeDigits:
            guard end &- offset >= line.digits else { return .needMore }
            state = line.extensions > 0 ? .extensions : .sizeEnd
            return .framing(step(line.digits, &offset))
        case .extensions:
            guard end &- offset >= line.extensions else { return .needMore }
            state = .sizeEnd
            return .skipped(step(line.extensions, &offset))
        case .sizeEnd:
            guard end &- offset >= 2 else { return .needMore }
            beginChunk()
            return .framing(step(2, &offset))
        case .trailers, .trailerLines: return try nextTrailer(bytes, &offset)
        case .done: return .end
        case .failed(let error): throw error
        }
    }

    /// The longest run of pieces that can pass on as one slice, trailers included; skips what must not pass on.
    /// Otherwise as `next`. An error is thrown after everything before it was returned.
    package mutating func nextRun(_ bytes: Span<UInt8>, offset: inout Int) throws(BodyError) -> BodyRun {
        var run = ByteRange.empty
        while true {
            let piece: BodyPiece
            do throws(BodyError) {
                piece = try next(bytes, offset: &offset)
            } catch {
                // `state` keeps it: the next call throws it.
                if run.isEmpty { throw error }
                return .pass(run)
            }
            switch piece {
            case .data(let range), .framing(let range), .trailer(let range):
                if run.isEmpty { run.start = range.start }
                run.end = range.end
            case .skipped:
                if !run.isEmpty { return .pass(run) }
            case .needMore:
                return run.isEmpty ? .needMore : .pass(run)
            case .end:
                return run.isEmpty ? .end : .pass(run)
            }
        }
    }

    /// The sender closed its side, and all its bytes were decoded: completes a body that ends by close.
    ///
    /// - Throws: `.truncated` if the body should have had more.
    package mutating func finish() throws(BodyError) {
        switch state {
        case .untilClose: state = .done
        case .done: break
        case .failed(let error): throw error
        default: throw fail(.truncated)
        }
    }

    /// Counts content and moves past it.
    private mutating func pass(_ count: Int, _ offset: inout Int) -> ByteRange {
        bodyBytes &+= UInt64(truncatingIfNeeded: count)
        return step(count, &offset)
    }

    func step(_ count: Int, _ offset: inout Int) -> ByteRange {
        let start = offset
        offset &+= count
        return ByteRange(start, offset)
    }

    mutating func fail(_ error: BodyError) -> BodyError {
        state = .failed(error)
        return error
    }

    mutating func beginChunk() {
        remaining = line.size
        state = line.size == 0 ? .trailers : .data
    }
}
