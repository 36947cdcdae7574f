/// Up to eight letters, digits and hyphens in lower case, as a word to compare with.
///
/// Made from a literal only; the optimiser makes two constants of it.
struct Spelling: ExpressibleByStringLiteral {
    /// The bytes, the first in the lowest place, then zeros.
    let word: UInt64
    /// 0x20 at each letter, where the other case differs; 0 elsewhere.
    let fold: UInt64

    @inline(__always)
    init(stringLiteral text: StaticString) {
        // Read in place: the pointer is to the literal, and the loop stops at its end and at eight.
        var word: UInt64 = 0
        var fold: UInt64 = 0
        let count = text.utf8CodeUnitCount
        var index = 0
        while index < count && index < 8 {
            let byte = UInt64(text.utf8Start[index])
            word |= byte &<< UInt64(8 &* index)
            fold |= ((byte & 0x40) &>> 1) &<< UInt64(8 &* index)
            index &+= 1
        }
        self.word = word
        self.fold = fold
    }
}

extension UInt64 {
    /// Whether these bytes spell the name, without regard to case. Exact: only the other case of a letter is equal
    /// to it.
    @inline(__always)
    func spells(_ name: Spelling) -> Bool { self | name.fold == name.word }
}
