import Bytes
import PCRE2

/// A rule's condition on a header field.
struct HeaderMatcher: Sendable {
    enum Condition: Sendable {
        case present
        case exact([UInt8])
        case pattern(Pattern)
    }

    enum Verdict {
        case yes
        case no
        case limit
    }

    /// As the rule writes it.
    let name: String
    let lowercaseName: [UInt8]
    let condition: Condition

    /// Whether one of the request's fields of the name fulfils the condition.
    func match(_ headers: HeaderLookup, scratch: RouteScratch) -> Verdict {
        var limit = false
        let found = headers(lowercaseName) { value in
            switch condition {
            case .present: return true
            case .exact(let exact): return value.equals(exact.span)
            case .pattern(let pattern):
                switch pattern.match(value, scratch: scratch.match) {
                case .matched: return true
                case .noMatch: return false
                case .limitExceeded, .failed:
                    limit = true
                    return true
                }
            }
        }
        return limit ? .limit : found ? .yes : .no
    }
}
