import Bytes

extension RequestHead {
    /// The target has the authority.
    var isAbsolute: Bool { form == .absolute || absoluteAsterisk }

    /// Finds the form of the target, and its parts. RFC 9112 §3.2.
    mutating func readTarget(_ bytes: Span<UInt8>) throws(RequestError) {
        host = .empty
        needsSlash = false
        absoluteAsterisk = false
        originForm = targetRange
        if method == .connect { throw .methodNotAllowed }
        let start = targetRange.lowerBound
        switch bytes.byte(at: start) {
        case ASCII.slash:
            form = .origin
        case ASCII.asterisk where targetRange.count == 1 && method == .options:
            form = .asterisk
        default:
            try readAbsolute(bytes, from: start, to: targetRange.upperBound)
        }
    }

    private mutating func readAbsolute(_ bytes: Span<UInt8>, from start: Int, to end: Int)
        throws(RequestError)
    {
        let authority: Int
        if end &- start > 7, bytes.equals(ByteRange(start, start &+ 7), "http://") {
            authority = start &+ 7
        } else if end &- start > 8, bytes.equals(ByteRange(start, start &+ 8), "https://") {
            authority = start &+ 8
        } else {
            throw .badTarget
        }
        var path = authority
        while path < end, let byte = bytes.byte(at: path), byte != ASCII.slash, byte != ASCII.question {
            path &+= 1
        }
        host = ByteRange(authority, path)
        guard Authority.isValid(bytes, host) else { throw .badHost }
        originForm = ByteRange(path, end)
        if path == end && method == .options {
            form = .asterisk
            absoluteAsterisk = true
        } else {
            form = .absolute
            needsSlash = bytes.byte(at: path) != ASCII.slash || path == end
        }
    }
}
