/// A second reader of heads, written only to judge what the parsers let through: the plainest and strictest
/// reading of RFC 9112, on whole heads, without a thought for speed.
package struct PlainHead: Equatable, Sendable {
    package struct Line: Equatable, Sendable {
        /// In lower case.
        package var name: [UInt8]
        package var value: [UInt8]
    }

    package enum Body: Equatable, Sendable {
        case unsaid
        case length(UInt64)
        case chunked
    }

    /// The start line, cut at its first two spaces.
    package var start: [[UInt8]]
    package var lines: [Line]
    package var body: Body

    /// Nil if the bytes are not exactly one head that can be read in one way only.
    package init?(_ bytes: some Collection<UInt8>) {
        let rows = Self.rows(Array(bytes))
        guard rows.count >= 3, rows[rows.count - 1].isEmpty, rows[rows.count - 2].isEmpty else { return nil }
        start = rows[0].split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false).map {
            Array($0)
        }
        lines = []
        for row in rows[1..<(rows.count - 2)] {
            guard let line = Self.line(row) else { return nil }
            lines.append(line)
        }
        body = .unsaid
        guard let body = readBody() else { return nil }
        self.body = body
    }

    package func values(_ name: String) -> [[UInt8]] {
        let name = Array(name.utf8)
        return lines.filter { $0.name == name }.map(\.value)
    }

    /// Cut at each CRLF; nothing if a CR or LF stands alone, or a NUL anywhere.
    private static func rows(_ bytes: [UInt8]) -> [[UInt8]] {
        var rows: [[UInt8]] = []
        var row: [UInt8] = []
        var place = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == 0x0D, place + 1 < bytes.count, bytes[place + 1] == 0x0A {
                rows.append(row)
                row = []
                place += 2
                continue
            }
            if byte == 0x0D || byte == 0x0A || byte == 0 { return [] }
            row.append(byte)
            place += 1
        }
        return rows + [row]
    }

    private static func line(_ row: [UInt8]) -> Line? {
        guard let colon = row.firstIndex(of: 0x3A), colon > 0 else { return nil }
        let marks = Array("!#$%&'*+-.^_`|~".utf8)
        for byte in row[..<colon] {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: continue
            default: guard marks.contains(byte) else { return nil }
            }
        }
        var value = row[(colon + 1)...]
        while value.first == 0x20 || value.first == 0x09 { value = value.dropFirst() }
        while value.last == 0x20 || value.last == 0x09 { value = value.dropLast() }
        guard !value.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { return nil }
        return Line(name: lower(row[..<colon]), value: Array(value))
    }

    static func lower(_ bytes: some Collection<UInt8>) -> [UInt8] {
        bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }

    private func readBody() -> Body? {
        let lengths = values("content-length")
        let codings = values("transfer-encoding")
        switch (lengths.count, codings.count) {
        case (0, 0): return .unsaid
        case (1, 0):
            guard !lengths[0].isEmpty, lengths[0].allSatisfy({ (0x30...0x39).contains($0) }),
                let length = UInt64(String(decoding: lengths[0], as: UTF8.self)), length <= UInt64(Int64.max)
            else { return nil }
            return .length(length)
        case (0, 1): return Self.lower(codings[0]) == Array("chunked".utf8) ? .chunked : nil
        default: return nil
        }
    }
}
