import PatternSyntax
import Routing

/// The names of the groups of a rule's regular expressions, in its patterns and templates.
struct GroupNaming {
    /// New names, by the expression's id and the group's number. Groups that keep their name or number are absent.
    private(set) var names: [Int: [Int: String]] = [:]
    /// What templates write, by the expression's id and the group's number.
    private var references: [Int: [Int: String]] = [:]

    /// Names that templates reserve for variables of the request.
    private static let reserved: Set<String> = [
        "uri", "path", "query", "method", "scheme", "request_host", "query_part", "client_address",
    ]

    /// - Parameters:
    ///   - used: the groups that templates use.
    ///   - keepsNumbers: whether a number can refer to one expression only.
    init(
        _ condition: RuleCondition,
        used: Set<ValuePart>,
        keepsNumbers: Bool,
        at position: SourceLocation
    ) throws(Untranslatable) {
        let patterns = condition.host.patterns + (condition.path.regex.map { [$0] } ?? [])
        // Several names are written as a pattern, too.
        let isHostPattern = condition.host.text(naming: [:])?.hasPrefix("~") == true
        let single = keepsNumbers && patterns.count == 1 && (condition.path.regex == nil || !isHostPattern)
        var taken = Self.reserved
        for (index, pattern) in patterns.enumerated() {
            let kind = condition.path.regex?.id == pattern.id ? "path" : index == 0 ? "host" : "also"
            for capture in pattern.tree.captures {
                if let name = capture.name {
                    var free = name
                    var count = 2
                    while taken.contains(free) {
                        free = "\(name)_\(count)"
                        count += 1
                    }
                    taken.insert(free)
                    references[pattern.id, default: [:]][capture.number] = free
                    guard free != name else { continue }
                    if pattern.refersToItself {
                        throw Untranslatable(
                            pattern.text,
                            at: pattern.position,
                            "its group `\(name)` would need another name"
                        )
                    }
                    names[pattern.id, default: [:]][capture.number] = free
                } else if used.contains(.capture(regex: pattern.id, number: capture.number)) {
                    if single {
                        references[pattern.id, default: [:]][capture.number] = String(capture.number)
                        continue
                    }
                    var free = "\(kind)\(capture.number)"
                    while taken.contains(free) { free += "_" }
                    taken.insert(free)
                    references[pattern.id, default: [:]][capture.number] = free
                    names[pattern.id, default: [:]][capture.number] = free
                }
            }
        }
    }

    /// A template's reference to a group; nil: the rule does not have its expression.
    func reference(_ regex: Int, _ number: Int) -> String? {
        references[regex]?[number].map { "${\($0)}" }
    }
}
