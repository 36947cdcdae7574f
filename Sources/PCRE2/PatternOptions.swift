/// How a pattern matches.
public struct PatternOptions: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// ASCII letters match in either case.
    public static let caseless = PatternOptions(rawValue: 1 << 0)
    /// The pattern must match the subject from its first byte to its last, with or without `^…$`. PCRE2 backtracks
    /// for that: `a|ab` matches `ab`.
    public static let wholeSubject = PatternOptions(rawValue: 1 << 1)
    /// A match must end at the subject's last byte, also where a verb such as `(*ACCEPT)` ends it early.
    public static let anchoredEnd = PatternOptions(rawValue: 1 << 2)
}
