/// Limits of an import, so that no configuration takes all memory or time.
package enum NginxLimits {
    /// Of one file.
    package static let maxFileBytes = 8 << 20
    /// Of all files together.
    package static let maxTotalBytes = 64 << 20
    /// A file counts each time it is included.
    package static let maxFiles = 4096
    /// How deep includes nest.
    package static let maxIncludeDepth = 16
    /// How deep blocks nest.
    package static let maxDepth = 32
    /// Directives of all files together.
    package static let maxDirectives = 500_000
    /// Rules of the rule file.
    package static let maxRules = 100_000
    /// Combinations of the values of all maps in one value.
    static let maxVariants = 20_000
    /// Ways through the `if`s of one block.
    static let maxBranches = 256
    /// How deep maps refer to each other.
    static let maxValueDepth = 16
    /// A server's weight.
    static let maxWeight = 65_535
    /// Exact names that one pattern may hold.
    static let maxNamesInPattern = 16
}
