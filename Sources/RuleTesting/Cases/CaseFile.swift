package import Operations
package import RoutingConfig
package import Routing

/// A file of cases: the rules that it tests, and the expected results.
package struct CaseFile: Sendable {
    /// One tier's rules, as the file names them.
    package struct Tier: Sendable, Hashable {
        /// `front` or `local`.
        package let name: String
        /// Rule files or folders, as seen from the working directory.
        package let paths: [String]
        /// Names that replace the rules' own name sources; nil: those are used.
        package let names: [StaticName]?
    }

    /// Its path, as given on the command line.
    package let file: String
    /// Front first. Never empty.
    package let tiers: [Tier]
    /// The address of the tier before it that the last tier sees; nil: the dry run's default.
    package let frontAddress: IPAddress?
    package let cases: [RouteCase]
    /// For diagnostics, and for `--update`.
    package let source: SourceText
}

/// One request and its expected result.
package struct RouteCase: Sendable {
    package let name: String
    /// Its line in the file, from 1.
    package let line: Int
    package let url: String
    package let method: String
    package let headers: [(name: String, value: String)]
    package let client: IPAddress
    package let expectation: Expectation
    /// The node of the whole case.
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
