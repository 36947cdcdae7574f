/// A set of bytes.
public struct ByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    public init() {}

    public init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    private init(_ first: UInt64, _ second: UInt64, _ third: UInt64 = 0, _ fourth: UInt64 = 0) {
        words = (first, second, third, fourth)
    }

    public static let all = ByteSet(0...UInt8.max)

    public func contains(_ byte: UInt8) -> Bool {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: return words.0 & bit != 0
        case 1: return words.1 & bit != 0
        case 2: return words.2 & bit != 0
        default: return words.3 & bit != 0
        }
    }

    public mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    mutating func insert(_ bytes: ClosedRange<UInt8>) {
        func bits(from word: Int) -> UInt64 {
            let low = max(Int(bytes.lowerBound) - word, 0)
            let high = min(Int(bytes.upperBound) - word, 63)
            return low <= high ? (UInt64.max >> UInt64(63 - (high - low))) << UInt64(low) : 0
        }
        words.0 |= bits(from: 0)
        words.1 |= bits(from: 64)
        words.2 |= bits(from: 128)
        words.3 |= bits(from: 192)
    }

    public var isEmpty: Bool { words == (0, 0, 0, 0) }

    public var count: Int {
        words.0.nonzeroBitCount + words.1.nonzeroBitCount + words.2.nonzeroBitCount
            + words.3.nonzeroBitCount
    }

    /// The one byte, in lower case, that a text in lower case can have in this set; nil if there are several.
    var onlyLowercasedByte: UInt8? {
        let count = count
        guard count == 1 || count == 2, let first = lowest else { return nil }
        let isUpper = first &- UInt8(ascii: "A") < 26
        if count == 1 { return isUpper ? first | 0x20 : first }
        return isUpper && contains(first | 0x20) ? first | 0x20 : nil
    }

    private var lowest: UInt8? {
        let parts = [words.0, words.1, words.2, words.3]
        guard let index = parts.firstIndex(where: { $0 != 0 }) else { return nil }
        return UInt8(index * 64 + parts[index].trailingZeroBitCount)
    }

    /// In rising order, with upper-case letters in lower case.
    var lowercasedBytes: [UInt8] { caseless.bytes.filter { !Self.upper.contains($0) } }

    /// In rising order.
    public var bytes: [UInt8] { (0...UInt8.max).filter(contains) }

    public func union(_ other: ByteSet) -> ByteSet {
        var set = self
        set.words = (
            words.0 | other.words.0, words.1 | other.words.1, words.2 | other.words.2,
            words.3 | other.words.3
        )
        return set
    }

    public func intersection(_ other: ByteSet) -> ByteSet {
        var set = self
        set.words = (
            words.0 & other.words.0, words.1 & other.words.1, words.2 & other.words.2,
            words.3 & other.words.3
        )
        return set
    }

    public var inverted: ByteSet {
        var set = self
        set.words = (~words.0, ~words.1, ~words.2, ~words.3)
        return set
    }

    /// With both cases of every ASCII letter that is there in one.
    public var caseless: ByteSet {
        // Upper-case letters are bits 1 to 26 of the second word, the lower case is 32 bits above.
        let letters = (words.1 | words.1 >> 32) & 0x07FF_FFFE
        var set = self
        set.words.1 |= letters | letters << 32
        return set
    }

    public static func == (a: ByteSet, b: ByteSet) -> Bool { a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

// MARK: The classes of PCRE2 over bytes, in its built-in tables (the C locale).

extension ByteSet {
    public static var digits: ByteSet { ByteSet(0x03FF_0000_0000_0000, 0) }
    public static var lower: ByteSet { ByteSet(0, 0x07FF_FFFE_0000_0000) }
    public static var upper: ByteSet { ByteSet(0, 0x07FF_FFFE) }
    public static var letters: ByteSet { ByteSet(0, 0x07FF_FFFE_07FF_FFFE) }
    public static var word: ByteSet { ByteSet(0x03FF_0000_0000_0000, 0x07FF_FFFE_87FF_FFFE) }
    /// Tab, LF, VT, FF, CR and space.
    public static var space: ByteSet { ByteSet(0x0000_0001_0000_3E00, 0) }
    public static var horizontalSpace: ByteSet { ByteSet([0x09, 0x20, 0xA0]) }
    public static var verticalSpace: ByteSet { ByteSet([0x0A, 0x0B, 0x0C, 0x0D, 0x85]) }
    public static var newline: ByteSet { ByteSet(0x400, 0) }

    /// `\d` and the like; nil: the escape is not a set.
    init?(escape byte: UInt8) {
        switch byte {
        case UInt8(ascii: "d"): self = .digits
        case UInt8(ascii: "D"): self = Self.digits.inverted
        case UInt8(ascii: "w"): self = .word
        case UInt8(ascii: "W"): self = Self.word.inverted
        case UInt8(ascii: "s"): self = .space
        case UInt8(ascii: "S"): self = Self.space.inverted
        case UInt8(ascii: "h"): self = .horizontalSpace
        case UInt8(ascii: "H"): self = Self.horizontalSpace.inverted
        case UInt8(ascii: "v"): self = .verticalSpace
        case UInt8(ascii: "V"): self = Self.verticalSpace.inverted
        default: return nil
        }
    }

    /// `[:name:]`; nil: there is no such class.
    static func posix(_ name: String) -> ByteSet? {
        switch name {
        case "alpha": letters
        case "lower": lower
        case "upper": upper
        case "alnum": letters.union(digits)
        case "ascii": ByteSet(0...0x7F)
        case "blank": ByteSet([0x09, 0x20])
        case "cntrl": ByteSet(0...0x1F).union(ByteSet([0x7F]))
        case "digit": digits
        case "graph": ByteSet(0x21...0x7E)
        case "print": ByteSet(0x20...0x7E)
        case "punct": ByteSet(0x21...0x7E).intersection(letters.union(digits).inverted)
        case "space": space
        case "word": word
        case "xdigit":
            digits.union(ByteSet(UInt8(ascii: "a")...UInt8(ascii: "f")))
                .union(ByteSet(UInt8(ascii: "A")...UInt8(ascii: "F")))
        default: nil
        }
    }
}
