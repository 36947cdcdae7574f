import Bytes

extension HTTPVersion {
    /// The result of reading a version.
    enum Reading {
        case version(HTTPVersion)
        /// A well-formed version with another major number.
        case unsupported
        case malformed
        case incomplete
    }

    /// Reads `HTTP/d.d` at `position` and moves past it, or to the byte that is wrong. RFC 9112 §2.3.
    @inline(__always)
    static func read(_ bytes: Span<UInt8>, at position: inout Int) -> Reading {
        if let word = bytes.word(at: position), word == 0x312E_312F_5054_5448 {  // HTTP/1.1
            position &+= 8
            return .version(.http11)
        }
        return readSlowly(bytes, at: &position)
    }

    @inline(never)
    private static func readSlowly(_ bytes: Span<UInt8>, at position: inout Int) -> Reading {
        var major: UInt8 = 0
        var minor: UInt8 = 0
        for place in 0..<8 {
            guard let byte = bytes.byte(at: position) else { return .incomplete }
            let right: Bool
            switch place {
            case 0: right = byte == 0x48
            case 1, 2: right = byte == 0x54
            case 3: right = byte == 0x50
            case 4: right = byte == ASCII.slash
            case 5:
                right = ASCII.isDigit(byte)
                major = byte &- ASCII.zero
            case 6: right = byte == ASCII.dot
            default:
                right = ASCII.isDigit(byte)
                minor = byte &- ASCII.zero
            }
            guard right else { return .malformed }
            position &+= 1
        }
        if major != 1 { return .unsupported }
        return .version(minor == 0 ? .http10 : .http11)
    }
}
