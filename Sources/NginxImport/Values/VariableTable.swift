import PatternSyntax

/// The variables that a configuration defines: those of maps, and those that regular expressions capture.
struct VariableTable {
    private let maps: [String: MapTable]
    /// Names in lower case. A captured variable is empty where its expression did not match.
    private let captured: Set<String>

    /// - Parameters:
    ///   - directives: all directives of the configuration.
    ///   - http: the directives of its `http` blocks.
    init(_ directives: [Directive], http: [Directive], regexes: RegexFactory) {
        var captured: Set<String> = []
        Self.collectCaptures(directives, &captured)
        self.captured = captured
        var maps: [String: MapTable] = [:]
        for directive in http.named("map") {
            guard let variable = directive.argument(1), variable.hasPrefix("$") else { continue }
            maps[variable.dropFirst().lowercased()] = MapTable(directive, regexes: regexes)
        }
        self.maps = maps
    }

    /// - Parameter name: in lower case.
    func map(_ name: String) -> MapTable? { maps[name] }

    /// Whether a regular expression captures the variable, and no map defines it.
    func isCaptured(_ name: String) -> Bool { captured.contains(name) && maps[name] == nil }

    private static func collectCaptures(_ directives: [Directive], _ names: inout Set<String>) {
        for directive in directives {
            for word in directive.words where word.text.contains("(?") {
                names.formUnion(PatternTree(word.text).captures.compactMap { $0.name?.lowercased() })
            }
            collectCaptures(directive.block ?? [], &names)
        }
    }
}
