import Bytes

/// The texts of one request that are kept, in the order in which they get their space.
package enum RequestText: Int, Sendable, CaseIterable {
    case id, method, uri
    // Of the decision: see `DecisionTexts`.
    case host, rule, target
    /// Name, NUL, value, NUL, and so on.
    case captures
    case usedTarget, pool, detail, message

    /// The most bytes that are kept of one.
    var maxBytes: Int {
        switch self {
        case .id: DataPathConstants.requestIDBytes
        case .host, .message: 128
        case .method: 16
        case .rule, .target, .usedTarget, .pool, .detail: 64
        case .uri, .captures: 192
        }
    }

    static let count = 11
}

/// Where the texts of one request are: their lengths, one after the other, and which were cut.
package struct RequestTexts: Sendable {
    private var ends = InlineArray<11, UInt16>(repeating: 0)
    private var cut: UInt16 = 0

    init() {}

    package func range(of text: RequestText) -> Range<Int> {
        let end = Int(ends[text.rawValue])
        return (text == .id ? 0 : Int(ends[text.rawValue - 1]))..<end
    }

    package func isCut(_ text: RequestText) -> Bool { cut & (1 << UInt16(text.rawValue)) != 0 }

    /// Takes over the texts of a decision, which begin at `start`.
    mutating func append(_ other: borrowing RequestTexts, at start: Int) {
        end(.host, at: start + Int(other.ends[RequestText.host.rawValue]), isCut: other.isCut(.host))
        end(.rule, at: start + Int(other.ends[RequestText.rule.rawValue]), isCut: other.isCut(.rule))
        end(.target, at: start + Int(other.ends[RequestText.target.rawValue]), isCut: other.isCut(.target))
        end(
            .captures,
            at: start + Int(other.ends[RequestText.captures.rawValue]),
            isCut: other.isCut(.captures)
        )
    }

    mutating func end(_ text: RequestText, at end: Int, isCut: Bool) {
        ends[text.rawValue] = UInt16(truncatingIfNeeded: end)
        if isCut { cut |= 1 << UInt16(text.rawValue) }
    }
}
