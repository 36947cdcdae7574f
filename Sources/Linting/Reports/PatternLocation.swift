import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// Where a rule has a pattern, and how it is matched there.
struct PatternLocation {
    let key: String
    let text: String
    /// Bytes before the pattern: `~` or `~*`.
    let mark: Int
    let options: PatternOptions
    /// The groups that the rule's templates use.
    let used: (PatternTree) -> Set<Int>

    var isPath: Bool { key == "path" || key == "rewrite_path.match" }

    var pattern: [UInt8] { Array(text.utf8.dropFirst(mark)) }

    static func all(of rule: RuleView) -> [PatternLocation] {
        let use = CaptureUse(rule)
        let definition = rule.definition
        var locations: [PatternLocation] = []
        func add(_ key: String, _ text: String?, _ used: @escaping (PatternTree) -> Set<Int>) {
            guard let text, text.hasPrefix("~") else { return }
            let isCaseless = key != "host" && text.hasPrefix("~*")
            locations.append(
                PatternLocation(
                    key: key,
                    text: text,
                    mark: isCaseless ? 2 : 1,
                    options: isCaseless || key == "host" ? .caseless : [],
                    used: used
                )
            )
        }
        add("host", definition.host, use.host)
        add("path", definition.path, use.path)
        for header in definition.headers { add("headers.\(header.name)", header.value) { _ in [] } }
        if let rewrite = definition.rewritePath {
            locations.append(
                PatternLocation(
                    key: "rewrite_path.match",
                    text: rewrite.match,
                    mark: 0,
                    options: [],
                    used: use.rewrite
                )
            )
        }
        return locations
    }

    /// Bytes of the pattern as bytes of the value.
    func part(_ range: Range<Int>) -> Range<Int> {
        (range.lowerBound + mark)..<(range.upperBound + mark)
    }

    /// Whether a pattern matches when it is used as the one here; nil: it is not valid, or a limit ended the match.
    func matches(_ pattern: [UInt8], _ subject: [UInt8]) -> Bool? {
        guard let pattern = try? Pattern(String(decoding: pattern, as: UTF8.self), options: options) else {
            return nil
        }
        switch pattern.match(subject.span, scratch: MatchScratch()) {
        case .matched: return true
        case .noMatch: return false
        default: return nil
        }
    }
}
