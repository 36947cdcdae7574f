package import Operations
package import RoutingConfig
package import Routing

/// A file of cases: which rules it tests, and what is expected of them.
package struct CaseFile: Sendable {
    /// One tier's rules, as the file names them.
    package struct Tier: Sendable, Hashable {
        /// `front` or `local`.
        package let name: String
        /// Rule files or folders, as seen from the working directory.
        package let paths: [String]
        /// Names that stand in for the rules' own name sources; nil: those are asked.
        package let names: [StaticName]?
    }

    /// As it was named.
    package let file: String
    /// In the order of the way: front first. Never empty.
    package let tiers: [Tier]
    /// Where the last tier sees the one in front of it come from; nil: as the dry run takes it.
    package let frontAddress: IPAddress?
    package let cases: [RouteCase]
    /// For findings, and for the places that `--update` writes to.
    package let source: SourceText
}

/// One request, and what is to become of it.
package struct RouteCase: Sendable {
    package let name: String
    /// From 1.
    package let line: Int
    package let url: String
    package let method: String
    package let headers: [(name: String, value: String)]
    package let client: IPAddress
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
