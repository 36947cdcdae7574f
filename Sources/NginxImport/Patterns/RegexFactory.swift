import Routing

/// Gives the regular expressions of one import their ids.
final class RegexFactory {
    private var count = 0

    func make(_ text: String, ignoresCase: Bool, at position: SourceLocation) -> NginxRegex {
        count += 1
        return NginxRegex(id: count, text: text, ignoresCase: ignoresCase, position: position)
    }

    /// An expression without groups, in place of one that did not match: after it, `$1` is empty.
    func unmatched(at position: SourceLocation) -> NginxRegex { make("", ignoresCase: false, at: position) }
}
