import Bytes

/// A share of all requests, chosen by their ids: each tier that a request passes makes the same choice.
///
/// Of two shares, the smaller one is a part of the larger one.
package struct SampleShare: Sendable, Hashable {
    /// In ten-thousandths of a percent, 1 to `whole`.
    private let parts: UInt64
    private static let whole: UInt64 = 1_000_000
    private static let decimals = 4

    package static let all = SampleShare(parts: whole)

    private init(parts: UInt64) { self.parts = parts }

    /// `10%`, `0.5%`: more than zero, at most 100, with at most four decimals. Nil: `text` is none of these.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.last == UInt8(ascii: "%") else { return nil }
        let parts = bytes.dropLast().split(
            separator: UInt8(ascii: "."),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let whole = parts.first, (1...3).contains(whole.count), whole.allSatisfy(ASCII.isDigit) else {
            return nil
        }
        let fraction = parts.count == 2 ? parts[1] : []
        guard parts.count == 1 || (1...Self.decimals).contains(fraction.count),
            fraction.allSatisfy(ASCII.isDigit)
        else { return nil }
        let padding = repeatElement(ASCII.zero, count: Self.decimals - fraction.count)
        let value = (whole + fraction + padding).reduce(UInt64(0)) { $0 * 10 + UInt64($1 - ASCII.zero) }
        guard (1...Self.whole).contains(value) else { return nil }
        self.init(parts: value)
    }

    package var isAll: Bool { parts == Self.whole }

    /// Whether the request with this id is one of them.
    package func includes(_ id: Span<UInt8>) -> Bool {
        isAll || Self.hash(id) % Self.whole < parts
    }

    /// FNV-1a, 64 bits, and a last step that spreads it (the finalizer of MurmurHash3): ids that count up are spread
    /// evenly, too. docs/access-log.md promises it.
    static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}
