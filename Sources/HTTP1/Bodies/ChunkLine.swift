import Bytes

/// A chunk's size line, measured: `zeros digits extensions CRLF`. RFC 9112 §7.1.
struct ChunkLine: Sendable {
    var size: UInt64 = 0
    /// Leading zeros.
    var zeros = 0
    /// The digits that pass on; at least one.
    var digits = 0
    /// Bytes from the first `;`, or the white space before it, up to the CRLF.
    var extensions = 0
}

extension BodyDecoder {
    /// A size line, or its first part if not all of it may pass.
    mutating func nextSize(_ bytes: Span<UInt8>, _ offset: inout Int) throws(BodyError) -> BodyPiece {
        let found: Bool
        do throws(BodyError) { found = try readLine(bytes, offset) } catch { throw fail(error) }
        guard found else { return .needMore }
        scanned = 0
        if line.zeros == 0 && line.extensions == 0 {
            beginChunk()
            return .framing(step(line.digits &+ 2, &offset))
        }
        state = .sizeDigits
        if line.zeros > 0 { return .skipped(step(line.zeros, &offset)) }
        state = .extensions
        return .framing(step(line.digits, &offset))
    }

    /// Reads the line at `offset` into `line`; false if it is incomplete.
    private mutating func readLine(_ bytes: Span<UInt8>, _ offset: Int) throws(BodyError) -> Bool {
        var size: UInt64 = 0
        var zeros = 0
        var index = offset
        while let byte = bytes.byte(at: index), let value = ASCII.hexValue(byte) {
            guard index &- offset < HTTP1Constants.chunkSizeDigits else { throw .chunkTooLarge }
            if size == 0 && value == 0 { zeros &+= 1 }
            // Sixteen digits fit.
            size = size &<< 4 | UInt64(value)
            index &+= 1
        }
        let count = index &- offset
        guard let after = bytes.byte(at: index) else { return false }
        guard count > 0 else { throw .badChunkSize }
        guard size <= HTTP1Constants.bodyLength else { throw .chunkTooLarge }
        if zeros == count { zeros &-= 1 }
        line = ChunkLine(size: size, zeros: zeros, digits: count &- zeros, extensions: 0)
        switch after {
        case ASCII.cr:
            guard let next = bytes.byte(at: index &+ 1) else { return false }
            guard next == ASCII.lf else { throw .badChunkSize }
            return true
        case ASCII.semicolon, ASCII.space, ASCII.tab:
            return try readExtensions(bytes, line: offset, from: index)
        default:
            throw .badChunkSize
        }
    }

    private mutating func readExtensions(
        _ bytes: Span<UInt8>,
        line start: Int,
        from first: Int
    ) throws(BodyError) -> Bool {
        let window = bytes.extracting(first: min(bytes.count, start &+ HTTP1Constants.chunkLineBytes))
        let lineFeed = window.firstLF(from: max(first, start &+ scanned))
        guard lineFeed < window.count else {
            guard window.count &- start < HTTP1Constants.chunkLineBytes else { throw .chunkLineTooLong }
            scanned = window.count &- start
            return false
        }
        let end = lineFeed &- 1
        guard bytes.isLineEnd(at: end), ChunkExtensions.areValid(bytes, from: first, to: end) else {
            throw .badChunkExtension
        }
        line.extensions = end &- first
        let earned =
            16 &+ 2 &* Int(truncatingIfNeeded: min(line.size, UInt64(HTTP1Constants.chunkExcessBytes)))
        excess = max(0, excess &+ (lineFeed &+ 1 &- start) &- earned)
        guard excess <= HTTP1Constants.chunkExcessBytes else { throw .tooMuchExtension }
        return true
    }
}

/// Chunk extensions (RFC 9112 §7.1.1): `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`.
/// They do not pass on; they are read to make sure that the line ends where every other reader ends it.
enum ChunkExtensions {
    static func areValid(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        // Nothing below reads past the CR at `end`: it is not a blank, not a token byte and not allowed in a string.
        var index = start
        while index < end {
            index = bytes.blankEnd(from: index)
            guard bytes.byte(at: index) == ASCII.semicolon else { return false }
            let name = bytes.blankEnd(from: index &+ 1)
            index = bytes.tokenEnd(from: name)
            guard index > name else { return false }
            let equals = bytes.blankEnd(from: index)
            guard bytes.byte(at: equals) == ASCII.equals else { continue }
            let value = bytes.blankEnd(from: equals &+ 1)
            if bytes.byte(at: value) == ASCII.quote {
                guard let close = endOfString(bytes, from: value &+ 1) else { return false }
                index = close
            } else {
                index = bytes.tokenEnd(from: value)
                guard index > value else { return false }
            }
        }
        return index == end
    }

    /// The index past the closing quote. RFC 9110 §5.6.4.
    private static func endOfString(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while let byte = bytes.byte(at: index) {
            if byte == ASCII.quote { return index &+ 1 }
            if byte == ASCII.backslash { index &+= 1 }
            guard let quoted = bytes.byte(at: index), quoted >= 0x20 || quoted == ASCII.tab, quoted != 0x7F
            else {
                return nil
            }
            index &+= 1
        }
        return nil
    }
}
