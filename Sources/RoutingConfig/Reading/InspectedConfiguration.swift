import Routing

/// A configuration with where everything in it stands: for those who say something about it.
public struct InspectedConfiguration: Sendable {
    public let configuration: Configuration
    private let assembly: ConfigurationBuilder

    init(configuration: Configuration, assembly: ConfigurationBuilder) {
        self.configuration = configuration
        self.assembly = assembly
    }

    /// A finding about a rule.
    ///
    /// - Parameters:
    ///   - rule: its index in the table.
    ///   - key: as in `RuleIssue.key`; where the rule has no such key, the rule is pointed at.
    ///   - part: bytes of the key's text; nil: all of it.
    public func finding(
        _ code: Diagnostic.Code,
        _ severity: Diagnostic.Severity = .warning,
        rule: Int,
        key: String,
        part: Range<Int>? = nil,
        _ message: String,
        hint: String? = nil
    ) -> Diagnostic {
        guard assembly.places.indices.contains(rule) else {
            let file = configuration.files.first ?? ""
            return Diagnostic(severity: severity, code: code, file: file, message: message, hint: hint)
        }
        let place = assembly.places[rule]
        let source = assembly.sources[place.source]
        let reader = NodeReader(source: source, findings: DiagnosticCollector())
        let node = place.node.descendant(key).value
        var range = reader.range(of: node)
        if let part, node.text != nil { range = reader.range(of: node, part: part) }
        return source.diagnostic(code, at: range, message, hint: hint, severity: severity)
    }

    /// Where a rule stands, as it is said in a finding about another rule: "line 6", or with the
    /// file if that is another one.
    public func place(ofRule rule: Int, seenFrom other: Int) -> String {
        guard assembly.places.indices.contains(rule), assembly.places.indices.contains(other) else {
            return ""
        }
        let (a, b) = (assembly.places[rule], assembly.places[other])
        let line = "line \(a.node.line)"
        return a.source == b.source ? line : "\(assembly.sources[a.source].file):\(a.node.line)"
    }

    /// The text of a line of a file, from 1; nil: there is none.
    public func line(_ line: Int, of file: String) -> String? {
        guard let source = assembly.sources.first(where: { $0.file == file }), line >= 1,
            line <= source.lineCount
        else { return nil }
        return source.string(source.line(line))
    }
}
