/// The result of each rule for a request, in the order in which they were evaluated.
public struct RouteTrace: Sendable, Hashable {
    public internal(set) var steps: [Step] = []

    public init() {}

    public struct Step: Sendable, Hashable {
        public let ruleIndex: Int
        public let ruleName: String
        public let origin: SourceLocation?
        public let result: Result
    }

    /// The first matcher that did not match, or `matched`.
    public enum Result: Sendable, Hashable {
        case matched
        /// For a pattern: how many bytes of the host could begin a match.
        case host(matchedPrefix: Int?)
        /// For a pattern: how many bytes of the normalised path could belong to a match.
        case path(matchedPrefix: Int?)
        case method
        /// The name as the rule writes it.
        case header(name: String)
        case client
        /// A pattern hit its match limit.
        case limit
        /// The path cannot be normalised, and the rule needs it.
        case malformedPath
    }
}
