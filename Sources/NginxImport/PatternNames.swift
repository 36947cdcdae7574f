import PCRE2
import PatternLanguages
import PatternSyntax

/// What expressions say before they are used.
enum PatternNames {
    /// The names of its groups, lower case.
    static func find(_ text: String) -> [String] {
        PatternTree(text).captures.compactMap { $0.name?.lowercased() }
    }

    /// Whether the expression is found in a text; nil: it is none, or took too many steps.
    static func matches(_ regex: NginxRegex, _ text: String) -> Bool? {
        guard let pattern = try? Pattern(regex.text, options: regex.ignoresCase ? [.caseless] : []) else {
            return nil
        }
        switch pattern.match(Array(text.utf8).span, scratch: MatchScratch()) {
        case .matched: return true
        case .noMatch: return false
        case .limitExceeded, .failed: return nil
        }
    }

    /// Why Berth cannot use the expression; nil: it can.
    static func fault(_ regex: NginxRegex) -> String? {
        do throws(PatternError) {
            _ = try Pattern(regex.text, options: regex.ignoresCase ? [.caseless] : [])
            return nil
        } catch {
            return "\(error.message) at its byte \(error.offset)"
        }
    }
}
