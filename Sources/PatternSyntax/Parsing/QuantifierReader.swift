/// Reads what follows an atom and repeats it.
struct QuantifierReader {
    enum Result {
        /// No quantifier follows.
        case none
        case quantifier(PatternNode.Quantifier)
        /// A quantifier that is an error, or that versions of PCRE2 read differently. With `endsPattern` what
        /// follows cannot be read either.
        case unknown(String, endsPattern: Bool)
    }

    let flags: Parser.Flags

    /// Takes the quantifier, and what may be between it and its atom. Takes nothing where there is none.
    func read(_ cursor: inout PatternCursor) -> Result {
        let atomEnd = cursor.index
        skipIgnored(&cursor)
        let start = cursor.index
        guard let (min, max) = Self.takeCounts(&cursor) else {
            cursor.index = atomEnd
            return .none
        }
        let counted = cursor.index
        var mode: PatternNode.Quantifier.Mode = flags.ungreedy ? .lazy : .greedy
        if cursor.take(UInt8(ascii: "?")) {
            mode = flags.ungreedy ? .greedy : .lazy
        } else if cursor.take(UInt8(ascii: "+")) {
            mode = .possessive
        } else {
            skipIgnored(&cursor)
            if cursor.index > counted, cursor.next == UInt8(ascii: "+") || cursor.next == UInt8(ascii: "?") {
                return .unknown("blanks within a quantifier", endsPattern: true)
            }
            cursor.index = counted
        }
        if let max, min > max { return .unknown("a quantifier with its bounds reversed", endsPattern: false) }
        return .quantifier(
            PatternNode.Quantifier(min: min, max: max, mode: mode, range: start..<cursor.index)
        )
    }

    /// What may be between an atom and its quantifier.
    private func skipIgnored(_ cursor: inout PatternCursor) {
        while let byte = cursor.next {
            if byte == UInt8(ascii: "("), cursor.isNext("(?#") {
                guard cursor.takeUntil(UInt8(ascii: ")")) != nil else { return }
            } else if cursor.isEscape(UInt8(ascii: "E")) {
                cursor.index += 2
            } else if flags.extended, ByteSet.space.contains(byte) {
                cursor.index += 1
            } else if flags.extended, byte == UInt8(ascii: "#") {
                cursor.skip(ByteSet.newline.inverted)
            } else {
                return
            }
        }
    }

    /// `*`, `+`, `?`, `{2}`, `{2,}`, `{2,3}`; nil, and nothing taken, where there is none of them.
    static func takeCounts(_ cursor: inout PatternCursor) -> (min: Int, max: Int?)? {
        switch cursor.next {
        case UInt8(ascii: "*"):
            cursor.index += 1
            return (0, nil)
        case UInt8(ascii: "+"):
            cursor.index += 1
            return (1, nil)
        case UInt8(ascii: "?"):
            cursor.index += 1
            return (0, 1)
        case UInt8(ascii: "{"):
            let start = cursor.index
            cursor.index += 1
            if let min = cursor.takeNumber() {
                var max: Int? = min
                if cursor.take(UInt8(ascii: ",")) { max = cursor.takeNumber() }
                if cursor.take(UInt8(ascii: "}")) { return (min, max) }
            }
            cursor.index = start
            return nil
        default: return nil
        }
    }

    /// Whether a brace is a quantifier in some versions of PCRE2 only: `{,3}`, `{ 1, 2 }`.
    static func isOddBrace(_ cursor: PatternCursor) -> Bool {
        var ahead = 1
        var digits = 0
        var others = 0
        while let byte = cursor.peek(ahead), byte != UInt8(ascii: "}") {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
            case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t"): others += 1
            default: return false
            }
            ahead += 1
        }
        return cursor.peek(ahead) != nil && digits > 0 && others > 0
    }
}
