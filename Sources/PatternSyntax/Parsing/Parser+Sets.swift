extension Parser {
    /// `[…]`
    mutating func set() -> PatternNode {
        let start = index
        if isNext("[[:<:]]") || isNext("[[:>:]]") {
            index += 7
            return node(.unknown("a word's edge in brackets"), from: start)
        }
        index += 1
        let isNegated = take("^")
        var members = ByteSet()
        var isFirst = true
        var isQuoted = false
        while true {
            guard let byte = next else { return giveUp(from: start, "`[` without `]`") }
            if isQuoted {
                if take("\\E") {
                    isQuoted = false
                    continue
                }
            } else {
                if byte == UInt8(ascii: "]"), !isFirst { break }
                if take("\\Q") {
                    isQuoted = true
                    continue
                }
                if take("\\E") { continue }
                if flags.extendedMore, byte == 0x20 || byte == 0x09 {
                    index += 1
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
                guard low <= high else { return giveUp(from: start, "a range with its ends reversed") }
                members = members.union(ByteSet(low...high))
            case nil: return giveUp(from: start, "brackets that cannot be read")
            }
        }
        index += 1
        if flags.ignoresCase { members = members.caseless }
        return node(
            .set(isNegated ? members.inverted : members, .brackets(isNegated: isNegated)),
            from: start
        )
    }

    private enum Member {
        case byte(UInt8)
        case set(ByteSet)
    }

    private mutating func quotedMember() -> Member? {
        guard let byte = next else { return nil }
        index += 1
        return .byte(byte)
    }

    private mutating func member() -> Member? {
        guard let byte = next else { return nil }
        if byte == UInt8(ascii: "[") {
            if isNext("[:") { return posix() }
            if isNext("[.") || isNext("[=") {
                // A collating element if it is closed like one: PCRE2 refuses those.
                return nil
            }
        }
        guard byte == UInt8(ascii: "\\") else {
            index += 1
            return .byte(byte)
        }
        guard let letter = peek(1) else { return nil }
        if let set = Self.setEscape(letter) {
            index += 2
            return .set(set)
        }
        if letter == UInt8(ascii: "b") {
            index += 2
            return .byte(0x08)
        }
        // In brackets a digit always is octal; 8 and 9 are not.
        guard let value = byteEscape() else { return nil }
        return .byte(value)
    }

    /// `[:name:]`, or a bracket and a colon.
    private mutating func posix() -> Member? {
        var end = index + 2
        let isNegated = end < text.count && text[end] == UInt8(ascii: "^")
        if isNegated { end += 1 }
        let start = end
        while end < text.count, ByteSet.letters.contains(text[end]) { end += 1 }
        guard end + 1 < text.count, text[end] == UInt8(ascii: ":"), text[end + 1] == UInt8(ascii: "]") else {
            // `[[:]` and `[[:a]`: two bytes; others are not guessed at.
            guard end < text.count, text[end] == UInt8(ascii: "]") else { return nil }
            index += 1
            return .byte(UInt8(ascii: "["))
        }
        let name = String(decoding: text[start..<end], as: UTF8.self)
        guard var set = ByteSet.posix(name) else { return nil }
        if flags.ignoresCase, name == "lower" || name == "upper" { set = .letters }
        index = end + 2
        return .set(isNegated ? set.inverted : set)
    }

    /// The end of a range whose beginning was just read; nil, and nothing taken, where there is none.
    private mutating func rangeEnd(_ isQuoted: Bool) -> UInt8? {
        guard !isQuoted, next == UInt8(ascii: "-"), let behind = peek(1), behind != UInt8(ascii: "]") else {
            return nil
        }
        let dash = index
        index += 1
        if isNext("\\Q") || isNext("\\E") {
            index = dash
            return nil
        }
        if case .byte(let high)? = member() { return high }
        // `[a-\d]`: the dash is itself.
        index = dash
        return nil
    }
}
