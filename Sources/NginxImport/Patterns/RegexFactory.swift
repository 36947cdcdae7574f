import Routing

/// Gives the regular expressions of one import their ids.
final class RegexFactory {
    private var count = 0

    func make(_ text: String, ignoresCase: Bool, at position: SourceLocation) -> NginxRegex {
        count += 1
        return NginxRegex(id: count, text: text, ignoresCase: ignoresCase, position: position)
    }
}
