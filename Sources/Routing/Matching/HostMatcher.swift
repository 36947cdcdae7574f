import Bytes
import PCRE2

/// A rule's condition on the host.
enum HostMatcher: Sendable {
    case any
    case exact([UInt8])
    /// One or more whole labels before this text; it begins with the dot.
    case wildcard([UInt8])
    /// The whole host, in any case.
    case pattern(HostPattern)

    static let patternOptions: PatternOptions = [.caseless, .wholeSubject]

    enum Verdict {
        case yes(MatchedRanges?)
        case no
        case limit
    }

    func match(_ host: Span<UInt8>, scratch: RouteScratch) -> Verdict {
        switch self {
        case .any:
            return .yes(nil)
        case .exact(let name):
            return host.equals(name.span) ? .yes(nil) : .no
        case .wildcard(let suffix):
            return host.count > suffix.count && host.hasSuffix(suffix.span) ? .yes(nil) : .no
        case .pattern(let pattern):
            return pattern.match(host, scratch: scratch)
        }
    }

    var groups: CaptureGroups? {
        if case .pattern(let pattern) = self { pattern.core.groups } else { nil }
    }
}
