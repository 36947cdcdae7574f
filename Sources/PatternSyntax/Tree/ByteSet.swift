/// A set of bytes.
public struct ByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    public init() {}

    public init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
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
        var set = self
        for lower in UInt8(ascii: "a")...UInt8(ascii: "z") {
            let upper = lower - 0x20
            if contains(lower) { set.insert(upper) }
            if contains(upper) { set.insert(lower) }
        }
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
    public static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
    public static let lower = ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z"))
    public static let upper = ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z"))
    public static let letters = lower.union(upper)
    public static let word = letters.union(digits).union(ByteSet([UInt8(ascii: "_")]))
    public static let space = ByteSet([0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20])
    public static let horizontalSpace = ByteSet([0x09, 0x20, 0xA0])
    public static let verticalSpace = ByteSet([0x0A, 0x0B, 0x0C, 0x0D, 0x85])
    public static let newline = ByteSet([0x0A])

    /// `[:name:]`; nil: no such class.
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
