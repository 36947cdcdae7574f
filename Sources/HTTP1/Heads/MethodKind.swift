import Bytes

/// A request method. Methods are case-sensitive (RFC 9110 §9.1): `get` is `.other`.
@usableFromInline
package enum MethodKind: UInt8, Hashable, Sendable, CaseIterable {
    case get, head, post, put, delete, options, connect, trace, patch
    /// Any other token; its bytes are in the head.
    case other

    /// A request may be sent twice (RFC 9110 §9.2.2). False for methods that are not known here.
    @inlinable
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .connect, .patch, .other: false
        }
    }
}

extension MethodKind {
    /// The method of a head that is malformed or incomplete: the response to a HEAD has no body, whatever else is
    /// wrong with it (RFC 9110 §9.3.2). `.other` if the bytes do not begin with a method and a space.
    package init(atFrontOf bytes: Span<UInt8>) {
        let start = bytes.isLineEnd(at: 0) ? 2 : 0
        // The longest known method, and the space after it.
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
        // Spelled backwards: the first byte is the lowest.
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
