import Bytes

extension RequestHead {
    /// The authority came with the target.
    var isAbsolute: Bool { form == .absolute || absoluteAsterisk }

    /// Tells the form of the target, and finds its parts. RFC 9112 §3.2.
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

extension MethodKind {
    /// The method of a head that can't be read, or is not there as a whole: whatever else is wrong with a HEAD, its
    /// answer has no body (RFC 9110 §9.3.2). `.other` where no method and a space stand at the front.
    package init(atFrontOf bytes: Span<UInt8>) {
        let start = bytes.isLineEnd(at: 0) ? 2 : 0
        // The longest known here, and the space behind it.
        let window = bytes.extracting(first: start &+ 8)
        let end = window.tokenEnd(from: start)
        guard window.byte(at: end) == ASCII.space else {
            self = .other
            return
        }
        self.init(bytes, ByteRange(start, end))
    }

    /// The method these bytes name.
    @inline(__always)
    init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        guard range.count <= 7 else {
            self = .other
            return
        }
        // Spelt backwards, as the first byte is the lowest.
        switch bytes.word(at: range.lowerBound, length: range.count) {
        case 0x54_4547: self = .get
        case 0x4441_4548: self = .head
        case 0x5453_4F50: self = .post
        case 0x54_5550: self = .put
        case 0x4554_454C_4544: self = .delete
        case 0x53_4E4F_4954_504F: self = .options
        case 0x54_4345_4E4E_4F43: self = .connect
        case 0x45_4341_5254: self = .trace
        case 0x48_4354_4150: self = .patch
        default: self = .other
        }
    }
}
