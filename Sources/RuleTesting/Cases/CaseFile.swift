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
