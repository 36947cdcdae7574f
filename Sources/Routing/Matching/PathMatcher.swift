import Bytes
import PCRE2

/// A rule's condition on the normalised path.
enum PathMatcher: Sendable {
    case any
    case exact([UInt8])
    /// Byte by byte, as nginx's: `/api` is a prefix of `/apis`.
    case prefix([UInt8])
    /// Searched in the whole path, unless the pattern begins with `^`.
    case pattern(Pattern, CaptureGroups)

    func match(_ path: Span<UInt8>, scratch: RouteScratch) -> HostMatcher.Verdict {
        switch self {
        case .any:
            return .yes(nil)
        case .exact(let exact):
            return path.equals(exact.span) ? .yes(nil) : .no
        case .prefix(let prefix):
            return path.hasPrefix(prefix.span) ? .yes(nil) : .no
        case .pattern(let pattern, _):
            switch pattern.match(path, scratch: scratch.match) {
            case .matched(let ranges): return .yes(ranges)
            case .noMatch: return .no
            case .limitExceeded, .failed: return .limit
            }
        }
    }

    var isAny: Bool {
        if case .any = self { true } else { false }
    }

    var groups: CaptureGroups? {
        if case .pattern(_, let groups) = self { groups } else { nil }
    }

    func furthest(_ path: Span<UInt8>) -> Int? {
        if case .pattern(let pattern, _) = self { pattern.furthest(path) } else { nil }
    }
}
