import Bytes

/// Which statuses of responses are meant: `404`, `5xx`, `200-299`.
public struct StatusSet: Sendable, Hashable, CustomStringConvertible {
    /// Empty: every status.
    public let ranges: [ClosedRange<Int>]

    public static let all = StatusSet([])

    public init(_ ranges: [ClosedRange<Int>]) {
        self.ranges = ranges
    }

    public func contains(_ status: Int) -> Bool {
        if ranges.isEmpty { return true }
        for range in ranges where range.contains(status) { return true }
        return false
    }

    /// Nil: the text is none of `404`, `5xx`, `200-299`, or not within 200 to 599.
    public static func range(_ text: String) -> ClosedRange<Int>? {
        let bytes = Array(text.utf8)
        if bytes.count == 3, bytes[1] == UInt8(ascii: "x"), bytes[2] == UInt8(ascii: "x") {
            guard (UInt8(ascii: "2")...UInt8(ascii: "5")).contains(bytes[0]) else { return nil }
            let start = Int(bytes[0] - ASCII.zero) * 100
            return start...(start + 99)
        }
        let ends = bytes.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = ends.first.flatMap(status), let last = ends.last.flatMap(status), first <= last
        else { return nil }
        return first...last
    }

    private static func status(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.count == 3, digits.allSatisfy(ASCII.isDigit) else { return nil }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - ASCII.zero) }
        return (200...599).contains(value) ? value : nil
    }

    /// As a rule file writes it: `200, 5xx`.
    public var description: String {
        ranges.map { range in
            if range.count == 1 { return "\(range.lowerBound)" }
            if range.count == 100, range.lowerBound % 100 == 0 { return "\(range.lowerBound / 100)xx" }
            return "\(range.lowerBound)-\(range.upperBound)"
        }.joined(separator: ", ")
    }
}
