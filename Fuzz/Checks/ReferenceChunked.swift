/// A second reader of chunked bodies, written only to judge what the decoder lets pass: the strictest reading
/// of RFC 9112 §7.1, without extensions and without needless zeros, one byte after another.
public struct ReferenceChunked {
    public enum Verdict: Hashable, Sendable {
        /// A whole body, and where it ends.
        case whole(content: [UInt8], trailers: [String], length: Int)
        /// A whole body may still come of it.
        case begun
        case wrong(at: Int)
    }

    public static func read(_ bytes: [UInt8]) -> Verdict {
        var content: [UInt8] = []
        var trailers: [String] = []
        var place = 0

        /// The line that begins at `place`, without CRLF; nil if it does not end.
        func line() -> [UInt8]? {
            var end = place
            while end + 1 < bytes.count {
                if bytes[end] == 13 && bytes[end + 1] == 10 { return Array(bytes[place..<end]) }
                end += 1
            }
            return nil
        }

        while true {
            guard let digits = line() else {
                let rest = bytes[place...].drop { isHex($0) }
                return rest.isEmpty || Array(rest) == [13] ? .begun : .wrong(at: place)
            }
            guard !digits.isEmpty, digits.allSatisfy(isHex), digits.count <= 16,
                digits[0] != 0x30 || digits.count == 1,
                let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return .wrong(at: place) }
            place += digits.count + 2
            if size == 0 { break }
            guard bytes.count - place >= size else { return .begun }
            content += bytes[place..<(place + size)]
            place += size
            let end = bytes[place...].prefix(2)
            if end.count < 2 { return end.isEmpty || end.first == 13 ? .begun : .wrong(at: place) }
            guard Array(end) == [13, 10] else { return .wrong(at: place) }
            place += 2
        }
        while let trailer = line() {
            place += trailer.count + 2
            if trailer.isEmpty { return .whole(content: content, trailers: trailers, length: place) }
            // Bytes, not characters: a colon and the mark behind it may be one character.
            guard let colon = trailer.firstIndex(of: 0x3A), colon > 0,
                !trailer[..<colon].contains(where: { $0 == 0x20 || $0 == 0x09 }),
                !trailer.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 })
            else { return .wrong(at: place) }
            trailers.append(String(decoding: trailer, as: UTF8.self))
        }
        return .begun
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
