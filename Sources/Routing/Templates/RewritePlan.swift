import PCRE2

/// A compiled `rewrite_path`.
struct RewritePlan: Sendable {
    let pattern: Pattern
    let groups: CaptureGroups
    let template: Template

    /// Appends the new path, percent-encoded; false when the pattern is not found.
    ///
    /// The normalised path must be in the scratch.
    func apply(
        _ key: borrowing RouteKey,
        _ captured: inout RuleCaptures,
        scratch: RouteScratch,
        into out: inout [UInt8]
    ) throws(Refusal.Reason) -> Bool {
        let path = scratch.path
        switch pattern.match(path.span, scratch: scratch.match) {
        case .noMatch: return false
        case .limitExceeded, .failed: throw .matchLimit
        case .matched(let ranges):
            captured.rewrite = PatternMatch(text: path.span, ranges: ranges, groups: groups)
        }
        let start = out.count
        try template.expand(key, captured, into: &out)
        let result = out.span.extracting(start..<out.count)
        // "//host/…" would be another server's URL when it is resolved.
        guard result.count > 0, result[0] == UInt8(ascii: "/"), !Self.isNetworkPath(result),
            template.literal != nil || !PathNormaliser.hasDotSegment(result)
        else { throw .unsafePath }
        return true
    }

    /// Whether a relative reference names another host: `//…`, and what browsers
    /// take for it.
    static func isNetworkPath(_ text: Span<UInt8>) -> Bool {
        text.count > 1 && text[0] == UInt8(ascii: "/")
            && (text[1] == UInt8(ascii: "/") || text[1] == UInt8(ascii: "\\"))
    }
}
