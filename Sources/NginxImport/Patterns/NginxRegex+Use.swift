import PCRE2
import PatternSyntax

/// Whether PCRE2 and rules can use the expression.
extension NginxRegex {
    /// Whether a match is found in a text; nil: the expression is not valid, or the match took too many steps.
    func matches(_ text: String) -> Bool? {
        guard let pattern = try? Pattern(self.text, options: ignoresCase ? [.caseless] : []) else {
            return nil
        }
        switch pattern.match(Array(text.utf8).span, scratch: MatchScratch()) {
        case .matched: return true
        case .noMatch: return false
        case .limitExceeded, .failed: return nil
        }
    }

    /// Why PCRE2 does not compile the expression; nil: it does.
    var compileError: String? {
        do throws(PatternError) {
            _ = try Pattern(text, options: ignoresCase ? [.caseless] : [])
            return nil
        } catch {
            return "\(error.message) at its byte \(error.offset)"
        }
    }

    /// Why a rule cannot have the expression; nil: it can.
    var whyUnusable: String? {
        if beginsAtStart, endsAtEnd, tree.isKnown { return compileError }
        return compileError ?? whyNotWrapped
    }
}
