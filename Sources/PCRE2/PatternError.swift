/// Why a text is not a valid pattern.
public struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
    /// PCRE2's message.
    public let message: String
    /// The position, in bytes from the start of the pattern; at most its length.
    public let offset: Int

    public init(message: String, offset: Int) {
        self.message = message
        self.offset = offset
    }

    public var description: String { "\(message) at byte \(offset)" }
}
