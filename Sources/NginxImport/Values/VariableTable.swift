import PatternSyntax

/// The variables that a configuration defines: those of maps, and those that regular expressions capture.
struct VariableTable {
    private let maps: [String: MapTable]
    /// Names in lower case. A captured variable is empty where its expression did not match.
    private let captured: Set<String>

    /// Names in lower case that a `set` assigns.
    private let assigned: Set<String>
    /// Names in lower case that a directive uses that decides something.
    private let used: Set<String>

    /// - Parameters:
    ///   - directives: all directives of the configuration.
    ///   - http: the directives of its `http` blocks.
    init(_ directives: [Directive], http: [Directive], regexes: RegexFactory) {
        var captured: Set<String> = []
        Self.collectCaptures(directives, &captured)
        self.captured = captured
        var used: Set<String> = []
        Self.collectUses(directives, &used)
        var assigned: Set<String> = []
        Self.collectAssignments(directives, &assigned)
        self.assigned = assigned
        self.used = used
        var maps: [String: MapTable] = [:]
        for directive in http.named("map") {
            guard let variable = directive.argument(1), variable.hasPrefix("$") else { continue }
            maps[variable.dropFirst().lowercased()] = MapTable(directive, regexes: regexes)
        }
        self.maps = maps
    }

    /// - Parameter name: in lower case.
    func map(_ name: String) -> MapTable? { maps[name] }

    /// Whether a regular expression or `set` gives the variable its value, and no map does: else it is empty.
    func isEmptyByDefault(_ name: String) -> Bool {
        (captured.contains(name) || assigned.contains(name)) && maps[name] == nil
    }

    /// Whether the variable can change what becomes of a request.
    func isUsed(_ name: String) -> Bool { used.contains(name) }

    /// The first map among the variables, or that these depend on, which has regular expressions; nil: none has.
    func mapWithPatterns(_ parts: [ValuePart], depth: Int = 0) -> String? {
        guard depth < NginxLimits.maxValueDepth else { return nil }
        for case .variable(let name) in parts {
            guard let map = maps[name] else { continue }
            if map.hasPatterns { return name }
            let inner = [map.source, map.fallback] + map.entries.map(\.value)
            if let found = mapWithPatterns(Array(Set(inner.joined())), depth: depth + 1) { return found }
        }
        return nil
    }

    /// Directives whose variables only concern caches, logs, responses and other handlers.
    private static func ignoresUse(_ name: String) -> Bool {
        ["proxy_no_cache", "add_header", "access_log", "log_format", "expires", "limit_rate"].contains(name)
            || ["fastcgi_", "uwsgi_", "scgi_", "proxy_cache"].contains { name.hasPrefix($0) }
    }

    private static func collectUses(_ directives: [Directive], _ names: inout Set<String>) {
        for directive in directives {
            let words = directive.name == "set" ? directive.arguments.dropFirst() : directive.words[...]
            if !ignoresUse(directive.name) {
                for word in words where word.text.contains("$") {
                    for case .variable(let name) in ValueText.parse(word.text) { names.insert(name) }
                }
            }
            collectUses(directive.block ?? [], &names)
        }
    }

    private static func collectAssignments(_ directives: [Directive], _ names: inout Set<String>) {
        for directive in directives {
            if directive.name == "set", let name = directive.argument(0)?.dropFirst().lowercased() {
                names.insert(name)
            }
            collectAssignments(directive.block ?? [], &names)
        }
    }

    private static func collectCaptures(_ directives: [Directive], _ names: inout Set<String>) {
        for directive in directives {
            for word in directive.words where word.text.contains("(?") {
                names.formUnion(PatternTree(word.text).captures.compactMap { $0.name?.lowercased() })
            }
            collectCaptures(directive.block ?? [], &names)
        }
    }
}
