/// What of a configuration is read, so that none takes all memory or time.
package enum NginxLimits {
    /// One file, bytes.
    package static let maxFileBytes = 8 << 20
    /// All files together, bytes.
    package static let maxTotalBytes = 64 << 20
    /// Files, each time it is included.
    package static let maxFiles = 4096
    /// Files that include one another.
    package static let maxIncludeDepth = 16
    /// Blocks within one another.
    package static let maxDepth = 32
    /// Directives.
    package static let maxDirectives = 500_000
    /// Rules that are written.
    package static let maxRules = 100_000
    /// Ways in which the maps of one value can turn out.
    static let maxVariants = 20_000
    /// `set` variables and maps within one another.
    static let maxValueDepth = 16
    /// A server's weight is written as so many turns of its address.
    static let maxTurns = 64
    /// Exact names that are written as one pattern.
    static let maxNamesInPattern = 16
}
