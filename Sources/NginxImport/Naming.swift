import PatternLanguages
import PatternSyntax

/// What the groups of a rule's expressions are called in its patterns and templates.
struct Naming {
    /// By the expression's id and the group's number; groups that keep their name or number are not here.
    private(set) var names: [Int: [Int: String]] = [:]
    private var references: [Int: [Int: String]] = [:]

    /// Names that templates keep for the request.
    private static let builtIns: Set<String> = [
        "uri", "path", "query", "method", "scheme", "request_host", "query_part", "client_address",
    ]

    /// - Parameters:
    ///   - used: the groups that templates use.
    ///   - keepsNumbers: whether a number could only mean one expression.
    init(
        _ condition: RuleCondition,
        used: Set<Part>,
        keepsNumbers: Bool,
        at place: NginxPlace
    ) throws(Untranslatable) {
        let patterns = condition.host.patterns + (condition.path.regex.map { [$0] } ?? [])
        // Several names are a pattern, too.
        let isHostPattern = condition.host.text(naming: [:])?.hasPrefix("~") == true
        let single = keepsNumbers && patterns.count == 1 && (condition.path.regex == nil || !isHostPattern)
        var taken = Self.builtIns
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
                            at: pattern.place,
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

    /// The expression whose groups `rewrite_path.with` means by their numbers.
    struct Own {
        let id: Int
    }

    /// A template's reference to a group; nil: the rule does not have its expression.
    func reference(_ regex: Int, _ number: Int) -> String? {
        references[regex]?[number].map { "${\($0)}" }
    }
}
