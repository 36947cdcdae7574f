/// A request's path as rules see it: percent-decoded once, repeated slashes merged, `.` and `..` resolved.
public enum NormalisedPath {
    /// - Parameter target: path and query as received.
    /// - Returns: nil for a path that is malformed: an invalid `%XX`, a NUL, or `..` above the root.
    public static func of(_ target: [UInt8]) -> [UInt8]? {
        let path = Array(target.prefix { $0 != UInt8(ascii: "?") })
        var normalised: [UInt8] = []
        return PathNormaliser.normalise(path.span, into: &normalised) == .malformed ? nil : normalised
    }
}
