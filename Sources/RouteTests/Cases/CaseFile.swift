package import Operations
public import RoutingConfig
public import Routing

/// A file of cases: which rules it tests, and what is expected of them.
public struct CaseFile: Sendable {
    /// One tier's rules, as the file names them.
    public struct Tier: Sendable, Hashable {
        /// `front` or `local`.
        public let name: String
        /// Rule files or folders, as seen from the working directory.
        public let paths: [String]
        /// Names that stand in for the rules' own name sources; nil: those are asked.
        public let names: [StaticName]?
    }

    /// As it was named.
    public let file: String
    /// In the order of the way: front first. Never empty.
    public let tiers: [Tier]
    /// Where the last tier sees the one in front of it come from; nil: as the dry run takes it.
    public let frontAddress: IPAddress?
    public let cases: [RouteCase]
    /// For findings, and for the places that `--update` writes to.
    package let source: SourceText
}

/// One request, and what is to become of it.
public struct RouteCase: Sendable {
    public let name: String
    /// From 1.
    public let line: Int
    public let url: String
    public let method: String
    public let headers: [(name: String, value: String)]
    public let client: IPAddress
    package let expectation: Expectation
    /// The whole case, in its file.
    package let node: YAMLNode
}

extension RouteCase {
    package var request: DryRun.Request {
        var request = DryRun.Request(url: Array(url.utf8), client: client)
        request.method = method
        request.headers = headers
        return request
    }
}
