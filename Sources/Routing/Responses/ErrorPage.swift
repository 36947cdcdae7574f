/// A page in place of a response that reports an error, as a rule writes it.
public struct ErrorPage: Sendable, Hashable {
    /// Which responses it replaces.
    public enum Selector: Sendable, Hashable {
        /// The proxy's own response for this cause: a word of `docs/errors.md`.
        case cause(String)
        case statuses(ClosedRange<Int>)
    }

    public enum Content: Sendable, Hashable {
        case file(ErrorPageFile)
        /// Fetched with GET from `name[:port]/path`: a template.
        case target(String)
    }

    public var selector: Selector
    public var content: Content
    /// Of the response with the page; nil: that of the response that it replaces.
    public var status: Int?
    /// Whether it replaces responses of the endpoint, too.
    public var replacesResponses: Bool

    public init(
        _ selector: Selector,
        _ content: Content,
        status: Int? = nil,
        replacesResponses: Bool = false
    ) {
        self.selector = selector
        self.content = content
        self.status = status
        self.replacesResponses = replacesResponses
    }
}

/// A page that was read from a file. Equal is only what was read at the same time.
public final class ErrorPageFile: Sendable, Hashable {
    /// For people.
    public let path: String
    public let contentType: String
    public let body: [UInt8]

    public init(path: String, contentType: String, body: [UInt8]) {
        self.path = path
        self.contentType = contentType
        self.body = body
    }

    public static func == (left: ErrorPageFile, right: ErrorPageFile) -> Bool { left === right }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
