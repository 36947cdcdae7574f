import Bytes

// The one file of this target with unchecked access (`Bytes` has the rest). Every function here proves its bounds:
// an index is not negative and below `count` before `self[unchecked:]` reads it, and `count - index` is at least 8
// before a word is loaded.

/// Constants for searching eight bytes at a time.
private enum Lanes {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// High bits where `word` has a byte below `bound` (at most 0x80). Exact for the lowest one; bits above it
    /// may be wrong.
    @inline(__always)
    static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 {
        (word &- ones &* UInt64(bound)) & ~word & highs
    }

    /// High bits where `word` has a letter, a digit or a hyphen. Exact for all: with the high bits set first, no
    /// subtraction borrows from the next byte.
    @inline(__always)
    static func plain(_ word: UInt64) -> UInt64 {
        let digits = ((word | highs) &- ones &* 0x30) & ~((word | highs) &- ones &* 0x3A)
        let folded = word | highs | (ones &* 0x20)
        let letters = (folded &- ones &* 0x61) & ~(folded &- ones &* 0x7B)
        let hyphens = ~(((word ^ (ones &* 0x2D)) | highs) &- ones)
        return (digits | letters | hyphens) & ~word & highs
    }

    /// High bits where `word` has a capital letter. Exact for all.
    @inline(__always)
    static func capitals(_ word: UInt64) -> UInt64 {
        let low = word & ~highs
        return (low &+ ones &* (0x80 &- 0x41)) & ~(low &+ ones &* (0x80 &- 0x5B)) & ~word & highs
    }

    /// High bits where `word` has this byte. Exact for the lowest one.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        below(word ^ (ones &* UInt64(byte)), 1)
    }
}

extension Span<UInt8> {
    /// Whether these two bytes are CR LF.
    @inline(__always)
    func isLineEnd(at index: Int) -> Bool {
        guard index >= 0, count &- index >= 2 else { return false }
        return self[unchecked: index] == ASCII.cr && self[unchecked: index &+ 1] == ASCII.lf
    }

    /// Eight bytes, the first in the lowest place; nil if fewer are left.
    @inline(__always)
    func word(at index: Int) -> UInt64? {
        guard index >= 0, count &- index >= 8 else { return nil }
        return UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
        )
    }

    /// Up to eight bytes, the first in the lowest place, with zeros for those after `length`.
    @inline(__always)
    func word(at index: Int, length: Int) -> UInt64 {
        if length <= 0 { return 0 }
        if let whole = word(at: index) {
            return length >= 8 ? whole : whole & ((1 &<< UInt64(8 &* length)) &- 1)
        }
        return shortWord(at: index, length: length)
    }

    @inline(never)
    private func shortWord(at index: Int, length: Int) -> UInt64 {
        var word: UInt64 = 0
        var place: UInt64 = 0
        var index = index
        let end = index &+ Swift.min(length, 8)
        while index < end, let byte = byte(at: index) {
            word |= UInt64(byte) &<< place
            place &+= 8
            index &+= 1
        }
        return word
    }

    /// The first LF at or after `index`, or `count`.
    func firstLF(from index: Int) -> Int {
        var index = index
        while let word = word(at: index) {
            let hits = Lanes.equal(word, ASCII.lf)
            if hits != 0 { return index &+ hits.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while let byte = byte(at: index) {
            if byte == ASCII.lf { return index }
            index &+= 1
        }
        return count
    }

    /// The first byte at or after `index` that is invalid in a field value or a reason phrase, or `count`: below
    /// 0x20 except tab, or DEL.
    @inline(__always)
    func firstControl(from index: Int) -> Int {
        var index = index
        while true {
            while let word = word(at: index) {
                let hits = Lanes.below(word, 0x20) | Lanes.equal(word, 0x7F)
                if hits != 0 {
                    index &+= hits.trailingZeroBitCount &>> 3
                    break
                }
                index &+= 8
            }
            // Here is a hit, or fewer than eight bytes are left.
            while let byte = byte(at: index), byte >= 0x20, byte != 0x7F { index &+= 1 }
            guard byte(at: index) == ASCII.tab else { return Swift.min(index, count) }
            index &+= 1
        }
    }

    /// The first byte at or after `index` that is invalid in a target, or `count`: up to 0x20, DEL or `#`.
    @inline(__always)
    func targetEnd(from index: Int) -> Int {
        var index = index
        while let word = word(at: index) {
            let hits = Lanes.below(word, 0x21) | Lanes.equal(word, 0x7F) | Lanes.equal(word, ASCII.hash)
            if hits != 0 { return index &+ hits.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while let byte = byte(at: index), byte > 0x20, byte != 0x7F, byte != ASCII.hash { index &+= 1 }
        return index
    }

    /// The first byte at or after `index` that is not a token byte (RFC 9110 §5.6.2), or `count`.
    @inline(__always)
    func tokenEnd(from index: Int) -> Int {
        var index = index
        while let word = word(at: index) {
            // Most names are of letters, digits and hyphens.
            let others = ~Lanes.plain(word) & Lanes.highs
            if others == 0 {
                index &+= 8
                continue
            }
            index &+= others.trailingZeroBitCount &>> 3
            guard let byte = byte(at: index), ASCII.isToken(byte) else { return index }
            index &+= 1
        }
        while let byte = byte(at: index), ASCII.isToken(byte) { index &+= 1 }
        return index
    }

    /// Whether one of these bytes is not a letter, digit or hyphen.
    func hasMark(from start: Int, to end: Int) -> Bool {
        var index = start
        while end &- index >= 8, let word = word(at: index) {
            if ~Lanes.plain(word) & Lanes.highs != 0 { return true }
            index &+= 8
        }
        guard end > index else { return false }
        let rest = Lanes.highs & ((1 &<< UInt64(8 &* (end &- index))) &- 1)
        return ~Lanes.plain(word(at: index, length: end &- index)) & rest != 0
    }

    /// Whether these bytes are the name of a field as HTTP/2 has it: a token without capital letters (RFC 9113 §8.2.1).
    package var isLowercaseToken: Bool { count > 0 && tokenEnd(from: 0) == count && !hasCapital }

    private var hasCapital: Bool {
        var index = 0
        while let word = word(at: index) {
            if Lanes.capitals(word) != 0 { return true }
            index &+= 8
        }
        return Lanes.capitals(word(at: index, length: count &- index)) != 0
    }

    /// Whether these bytes may be the value of a field: no control bytes, and no blanks around it (RFC 9110 §5.5).
    package var isFieldValue: Bool {
        guard let first = byte(at: 0), let last = byte(at: count &- 1) else { return true }
        return first != ASCII.space && first != ASCII.tab && last != ASCII.space && last != ASCII.tab
            && firstControl(from: 0) == count
    }

    /// Writes these bytes to `memory`, which has room for them, with small letters for capital ones.
    package func lowercased(into memory: UnsafeMutablePointer<UInt8>) {
        let target = UnsafeMutableRawPointer(memory)
        var index = 0
        while let word = word(at: index) {
            let small = word | Lanes.capitals(word) &>> 2
            target.storeBytes(of: small.littleEndian, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while let byte = byte(at: index) {
            memory[index] = ASCII.lowercased(byte)
            index &+= 1
        }
    }

    /// Whether the bytes of the range are these letters, without regard to case.
    func equals(_ range: ByteRange, _ lowercase: StaticString) -> Bool {
        guard range.count == lowercase.utf8CodeUnitCount, range.upperBound <= count else { return false }
        return lowercase.withUTF8Buffer { expected in
            var index = range.lowerBound
            for letter in expected {
                guard let byte = byte(at: index), ASCII.lowercased(byte) == letter else { return false }
                index &+= 1
            }
            return true
        }
    }

    /// Whether two ranges have the same bytes, without regard to case.
    func equals(_ one: ByteRange, _ other: ByteRange) -> Bool {
        guard one.count == other.count else { return false }
        var first = one.lowerBound
        var second = other.lowerBound
        while first < one.upperBound {
            guard let left = byte(at: first), let right = byte(at: second),
                ASCII.lowercased(left) == ASCII.lowercased(right)
            else { return false }
            first &+= 1
            second &+= 1
        }
        return true
    }
}
