/// Reads a set of bytes in brackets: `[…]`.
struct BracketReader {
    /// Why brackets cannot be read.
    struct Failure: Error {
        let reason: String
    }

    private var cursor: PatternCursor
    private let flags: Parser.Flags

    /// The set. Takes the brackets, or nothing if they cannot be read.
    static func read(
        _ cursor: inout PatternCursor,
        _ flags: Parser.Flags
    ) throws(Failure) -> PatternNode.Kind {
        var reader = BracketReader(cursor: cursor, flags: flags)
        let kind = try reader.set()
        cursor = reader.cursor
        return kind
    }

    private mutating func set() throws(Failure) -> PatternNode.Kind {
        cursor.index += 1
        let isNegated = cursor.take(UInt8(ascii: "^"))
        var members = ByteSet()
        var isFirst = true
        var isQuoted = false
        while true {
            guard let byte = cursor.next else { throw Failure(reason: "`[` without `]`") }
            if isQuoted {
                if takeEscape(UInt8(ascii: "E")) {
                    isQuoted = false
                    continue
                }
            } else {
                if byte == UInt8(ascii: "]"), !isFirst { break }
                if takeEscape(UInt8(ascii: "Q")) {
                    isQuoted = true
                    continue
                }
                if takeEscape(UInt8(ascii: "E")) { continue }
                if flags.extendedMore, byte == 0x20 || byte == 0x09 {
                    cursor.index += 1
                    continue
                }
            }
            isFirst = false
            switch isQuoted ? quotedMember() : member() {
            case .set(let set): members = members.union(set)
            case .byte(let low):
                guard let high = rangeEnd(isQuoted) else {
                    members.insert(low)
                    continue
                }
                guard low <= high else { throw Failure(reason: "a range with its ends reversed") }
                members.insert(low...high)
            case nil: throw Failure(reason: "brackets that cannot be read")
            }
        }
        cursor.index += 1
        if flags.ignoresCase { members = members.caseless }
        return .set(isNegated ? members.inverted : members, .brackets(isNegated: isNegated))
    }

    private mutating func takeEscape(_ letter: UInt8) -> Bool {
        guard cursor.isEscape(letter) else { return false }
        cursor.index += 2
        return true
    }

    private enum Member {
        case byte(UInt8)
        case set(ByteSet)
    }

    private mutating func quotedMember() -> Member? {
        guard let byte = cursor.next else { return nil }
        cursor.index += 1
        return .byte(byte)
    }

    private mutating func member() -> Member? {
        guard let byte = cursor.next else { return nil }
        if byte == UInt8(ascii: "[") {
            if cursor.isNext("[:") { return posix() }
            if cursor.isNext("[.") || cursor.isNext("[=") {
                // A collating element if it is closed like one: PCRE2 refuses those.
                return nil
            }
        }
        guard byte == UInt8(ascii: "\\") else {
            cursor.index += 1
            return .byte(byte)
        }
        guard let letter = cursor.peek(1) else { return nil }
        if let set = ByteSet(escape: letter) {
            cursor.index += 2
            return .set(set)
        }
        if letter == UInt8(ascii: "b") {
            cursor.index += 2
            return .byte(0x08)
        }
        // In brackets a digit always is octal; 8 and 9 are not.
        guard let value = cursor.takeByteEscape() else { return nil }
        return .byte(value)
    }

    /// `[:name:]`, or a bracket and a colon.
    private mutating func posix() -> Member? {
        var end = cursor.index + 2
        let isNegated = end < cursor.text.count && cursor.text[end] == UInt8(ascii: "^")
        if isNegated { end += 1 }
        let start = end
        while end < cursor.text.count, ByteSet.letters.contains(cursor.text[end]) { end += 1 }
        guard end + 1 < cursor.text.count, cursor.text[end] == UInt8(ascii: ":"),
            cursor.text[end + 1] == UInt8(ascii: "]")
        else {
            // `[[:]` and `[[:a]`: two bytes; others are not guessed at.
            guard end < cursor.text.count, cursor.text[end] == UInt8(ascii: "]") else { return nil }
            cursor.index += 1
            return .byte(UInt8(ascii: "["))
        }
        let name = String(decoding: cursor.text[start..<end], as: UTF8.self)
        guard var set = ByteSet.posix(name) else { return nil }
        if flags.ignoresCase, name == "lower" || name == "upper" { set = .letters }
        cursor.index = end + 2
        return .set(isNegated ? set.inverted : set)
    }

    /// The end of a range whose beginning was just read; nil, and nothing taken, where there is none.
    private mutating func rangeEnd(_ isQuoted: Bool) -> UInt8? {
        guard !isQuoted, cursor.next == UInt8(ascii: "-"), let following = cursor.peek(1),
            following != UInt8(ascii: "]")
        else {
            return nil
        }
        let dash = cursor.index
        cursor.index += 1
        if cursor.isEscape(UInt8(ascii: "Q")) || cursor.isEscape(UInt8(ascii: "E")) {
            cursor.index = dash
            return nil
        }
        if case .byte(let high)? = member() { return high }
        // `[a-\d]`: the dash is itself.
        cursor.index = dash
        return nil
    }
}
