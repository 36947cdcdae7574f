/// What the patterns of a rule captured: the decision's own copy.
public struct Captures: Sendable, RandomAccessCollection {
    /// One group of a pattern.
    public struct Capture: Sendable, Hashable {
        public let pattern: Source
        /// From 1.
        public let number: Int
        public let name: String?
        /// Nil: an optional group that took no part in the match. Bytes that are not UTF-8 are replaced.
        public let value: String?
    }

    /// Which of a rule's patterns.
    public enum Source: String, Sendable, Hashable {
        case host
        case path
    }

    let host: PatternMatch?
    let path: PatternMatch?

    static let none = Captures(host: nil, path: nil)

    public var startIndex: Int { 0 }
    public var endIndex: Int { hostCount + (path?.groups.count ?? 0) }

    private var hostCount: Int { host?.groups.count ?? 0 }

    public subscript(position: Int) -> Capture {
        if position < hostCount, let host {
            return host.capture(position + 1, .host)
        }
        guard let path else { preconditionFailure("capture out of range") }
        return path.capture(position - hostCount + 1, .path)
    }

    /// The value of a named group; nil if there is none or it took no part.
    public subscript(_ name: String) -> String? {
        first { $0.name == name && $0.value != nil }?.value
    }

    /// The named groups that took part, in the order of the patterns, with the bytes that they matched: for logs that
    /// write them for each request.
    public func forEachNamed(_ body: (_ name: String, _ value: Span<UInt8>) -> Void) {
        host?.forEachNamed(body)
        path?.forEachNamed(body)
    }
}
