/// The text of a rule file, with the offsets of its lines.
///
/// Lines and columns are counted as libyaml counts them, so that its marks can be
/// used: columns in Unicode scalars, lines ended by LF, CR LF, CR, NEL, LS or PS.
package struct SourceText: Sendable {
    /// The file's name for findings.
    package let file: String
    package let text: String
    /// The text's bytes, UTF-8.
    package let bytes: [UInt8]
    /// Where each line begins, offsets into `bytes`. Never empty.
    private let lineStarts: [Int]

    package init(file: String, text: String) {
        self.file = file
        self.text = text
        let bytes = Array(text.utf8)
        var starts = [0]
        var index = 0
        while index < bytes.count {
            let length = Self.breakLength(bytes, at: index)
            index += max(1, length)
            if length > 0 { starts.append(index) }
        }
        self.bytes = bytes
        self.lineStarts = starts
    }

    /// How many lines there are; a newline at the very end begins an empty one.
    var lineCount: Int { lineStarts.count }

    /// The byte offset of a line and column (both from 1), kept inside of the text.
    package func offset(line: Int, column: Int) -> Int {
        guard line >= 1 else { return 0 }
        guard line <= lineStarts.count else { return bytes.count }
        var offset = lineStarts[line - 1]
        var left = column - 1
        while left > 0, offset < bytes.count {
            offset += 1
            while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
            left -= 1
        }
        return offset
    }

    /// The line and column (both from 1) of a byte offset.
    package func position(of offset: Int) -> (line: Int, column: Int) {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return (low + 1, 1 + scalars(in: lineStarts[low]..<min(max(offset, lineStarts[low]), bytes.count)))
    }

    /// The bytes of a line, without its end.
    package func line(_ line: Int) -> Range<Int> {
        guard line >= 1, line <= lineStarts.count else { return bytes.count..<bytes.count }
        let start = lineStarts[line - 1]
        var end = start
        while end < bytes.count, Self.breakLength(bytes, at: end) == 0 { end += 1 }
        return start..<end
    }

    package func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// How many Unicode scalars `range` holds.
    func scalars(in range: Range<Int>) -> Int {
        var count = 0
        for byte in bytes[range] where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }

    /// How long the line break at `index` is, bytes; 0 when there is none.
    private static func breakLength(_ bytes: [UInt8], at index: Int) -> Int {
        switch bytes[index] {
        case 0x0A: return 1
        case 0x0D: return index + 1 < bytes.count && bytes[index + 1] == 0x0A ? 2 : 1
        case 0xC2: return index + 1 < bytes.count && bytes[index + 1] == 0x85 ? 2 : 0
        case 0xE2:
            guard index + 2 < bytes.count, bytes[index + 1] == 0x80 else { return 0 }
            return bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9 ? 3 : 0
        default: return 0
        }
    }
}

extension SourceText {
    /// A line longer than this is shown in part, bytes.
    static let longestShownLine = 160
    /// How much of a long line is shown before the caret, bytes.
    private static let shownBefore = 60

    /// A finding at the bytes of `range`.
    package func diagnostic(
        _ code: Diagnostic.Code,
        at range: Range<Int>,
        _ message: String,
        hint: String? = nil,
        severity: Diagnostic.Severity = .error
    ) -> Diagnostic {
        let place = position(of: range.lowerBound)
        let whole = line(place.line)
        var shown = whole
        if whole.count > Self.longestShownLine {
            let start = max(whole.lowerBound, min(range.lowerBound, whole.upperBound) - Self.shownBefore)
            shown = boundary(start)..<boundary(min(whole.upperBound, start + Self.longestShownLine))
        }
        let caret = min(max(range.lowerBound, shown.lowerBound), shown.upperBound)
        let end = min(max(range.upperBound, caret), shown.upperBound)
        return Diagnostic(
            severity: severity,
            code: code,
            file: file,
            line: place.line,
            column: place.column,
            message: message,
            hint: hint,
            sourceLine: string(shown),
            sourceColumn: 1 + scalars(in: shown.lowerBound..<caret),
            caretLength: scalars(in: caret..<end)
        )
    }

    /// `offset`, moved forward to where a scalar begins.
    private func boundary(_ offset: Int) -> Int {
        var offset = offset
        while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
        return offset
    }
}
