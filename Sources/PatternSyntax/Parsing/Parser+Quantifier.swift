extension Parser {
    /// `atom` with the quantifiers that follow it.
    mutating func quantified(_ atom: PatternNode) -> PatternNode {
        switch atom.kind {
        case .comment, .options: return atom
        case .empty where flags.extended: return atom
        default: break
        }
        let behind = index
        skipIgnored()
        let start = index
        guard let (least, most) = counts() else {
            index = behind
            return atom
        }
        let counted = index
        var mode: PatternNode.Quantifier.Mode = flags.ungreedy ? .lazy : .greedy
        if take("?") {
            mode = flags.ungreedy ? .greedy : .lazy
        } else if take("+") {
            mode = .possessive
        } else {
            skipIgnored()
            if index > counted, next == UInt8(ascii: "+") || next == UInt8(ascii: "?") {
                return giveUp(from: atom.range.lowerBound, "blanks within a quantifier")
            }
            index = counted
        }
        if let most, least > most {
            return node(.unknown("a quantifier with its bounds reversed"), from: atom.range.lowerBound)
        }
        let quantifier = PatternNode.Quantifier(least: least, most: most, mode: mode, range: start..<index)
        let whole = node(.quantified(atom, quantifier), from: atom.range.lowerBound)
        // `a{2}{3}` repeats what was repeated.
        return next == UInt8(ascii: "{") ? quantified(whole) : whole
    }

    /// What may stand between an atom and its quantifier.
    private mutating func skipIgnored() {
        while index < text.count {
            if isNext("(?#") {
                guard takeUntil(UInt8(ascii: ")")) != nil else { return }
            } else if isNext("\\E") {
                index += 2
            } else if flags.extended, let byte = next, ByteSet.space.contains(byte) {
                index += 1
            } else if flags.extended, next == UInt8(ascii: "#") {
                while let byte = next, byte != UInt8(ascii: "\n") { index += 1 }
            } else {
                return
            }
        }
    }

    mutating func counts() -> (least: Int, most: Int?)? {
        switch next {
        case UInt8(ascii: "*"):
            index += 1
            return (0, nil)
        case UInt8(ascii: "+"):
            index += 1
            return (1, nil)
        case UInt8(ascii: "?"):
            index += 1
            return (0, 1)
        case UInt8(ascii: "{"):
            let start = index
            index += 1
            guard let least = takeNumber() else {
                index = start
                return nil
            }
            var most: Int? = least
            if take(",") { most = takeNumber() }
            guard take("}") else {
                index = start
                return nil
            }
            return (least, most)
        default: return nil
        }
    }

    /// A brace that is a quantifier in some versions of PCRE2 only: `{,3}`, `{ 1, 2 }`.
    func oddBrace() -> String? {
        var ahead = 1
        var digits = 0
        var others = 0
        while let byte = peek(ahead), byte != UInt8(ascii: "}") {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
            case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t"): others += 1
            default: return nil
            }
            ahead += 1
        }
        guard peek(ahead) != nil, digits > 0, others > 0 else { return nil }
        return "braces that versions of PCRE2 read differently"
    }
}
