import Routing

/// Reads values out of a tree; a value that does not fit is reported, and the result is nil.
///
/// `key` is the name of the value in messages: "`methods`", "`limits.body`".
package struct NodeReader {
    package let source: SourceText
    package let findings: DiagnosticCollector

    package init(source: SourceText, findings: DiagnosticCollector) {
        self.source = source
        self.findings = findings
    }

    // MARK: Shapes

    /// The pairs of a mapping; keys that are not in `known` are reported.
    package func mapping(_ node: YAMLNode, _ key: String, known: [String]) -> [YAMLNode.Pair]? {
        guard let pairs = mapping(node, key) else { return nil }
        for pair in pairs {
            guard let name = pair.key.text else { continue }
            if !known.contains(name) { unknown(pair.key, name, in: key, known: known) }
        }
        return pairs
    }

    /// The pairs of a mapping with texts as keys.
    package func mapping(_ node: YAMLNode, _ key: String) -> [YAMLNode.Pair]? {
        guard case .mapping(let pairs) = node.content else {
            reportUnfit(node, key, "a mapping")
            return nil
        }
        var sound = true
        for pair in pairs where pair.key.text == nil || pair.key.isNull {
            report(.wrongType, pair.key, "a key must be a text, not \(pair.key.inWords)")
            sound = false
        }
        return sound ? pairs : nil
    }

    /// - Parameter example: an item as it would be written, for the hint.
    package func list(_ node: YAMLNode, _ key: String, example: String) -> [YAMLNode]? {
        guard case .sequence(let items) = node.content else {
            reportUnfit(node, key, "a list", hint: "write it as [\(example)]")
            return nil
        }
        return items
    }

    /// A text; numbers and booleans are taken as written. May be empty if quoted.
    package func text(_ node: YAMLNode, _ key: String) -> String? {
        guard let text = node.text, !node.isNull else {
            reportUnfit(node, key, "a text")
            return nil
        }
        return text
    }

    package func texts(_ node: YAMLNode, _ key: String, example: String) -> [String]? {
        guard let items = list(node, key, example: example) else { return nil }
        let texts = items.compactMap { text($0, "each of \(key)") }
        return texts.count == items.count ? texts : nil
    }

    package func integer(_ node: YAMLNode, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = node.integer else {
            reportUnfit(node, key, "a whole number")
            return nil
        }
        guard range.contains(value) else {
            let bounds = "from \(range.lowerBound) to \(range.upperBound)"
            report(.badValue, node, "\(key) must be \(bounds), not \(value)")
            return nil
        }
        return value
    }

    // MARK: Values

    func duration(_ node: YAMLNode, _ key: String, zero: Bool = false) -> Duration? {
        guard let text = text(node, key) else { return nil }
        guard let value = Quantity.duration(text), zero || value > .zero else {
            let hint = "write durations as 500ms, 5s, 2m or 1h; a plain number is in seconds; at most a year"
            let expected = zero ? "a duration" : "a duration of more than zero"
            report(
                .badValue,
                node,
                "\(key) must be \(expected), not `\(YAMLNode.shortened(text))`",
                hint: hint
            )
            return nil
        }
        return value
    }

    /// Bytes within `range`.
    func bytes(_ node: YAMLNode, _ key: String, in range: ClosedRange<UInt64>) -> UInt64? {
        guard let text = text(node, key) else { return nil }
        guard let value = Quantity.bytes(text) else {
            let hint = "write sizes as 512, 8KiB, 1MiB or 2GiB; a plain number is in bytes"
            report(.badValue, node, "\(key) must be a size, not `\(YAMLNode.shortened(text))`", hint: hint)
            return nil
        }
        guard range.contains(value) else {
            let bounds = "from \(range.lowerBound) to \(range.upperBound) bytes"
            report(.badValue, node, "\(key) must be \(bounds), not \(value)")
            return nil
        }
        return value
    }

    /// Bytes, or `unlimited`: then `UInt64.max`.
    func bytesOrUnlimited(_ node: YAMLNode, _ key: String) -> UInt64? {
        if node.text == "unlimited" { return .max }
        return bytes(node, key, in: 0...UInt64(Int64.max))
    }

    // MARK: Findings

    /// Reports that the type of a value is not `expected`.
    package func reportUnfit(_ node: YAMLNode, _ key: String, _ expected: String, hint: String? = nil) {
        let message =
            node.isNull
            ? "\(key) is empty; it must be \(expected)" : "\(key) must be \(expected), not \(node.inWords)"
        report(.wrongType, node, message, hint: hint)
    }

    /// Reports something about a value; all of it is marked.
    package func report(
        _ code: Diagnostic.Code,
        _ node: YAMLNode,
        _ message: String,
        hint: String? = nil,
        severity: Diagnostic.Severity = .error
    ) {
        findings.add(source.diagnostic(code, at: range(of: node), message, hint: hint, severity: severity))
    }

    /// Reports something about the bytes of `part` of a text.
    package func report(
        _ code: Diagnostic.Code,
        _ node: YAMLNode,
        at part: Range<Int>,
        _ message: String,
        hint: String? = nil
    ) {
        guard let scalar = scalarSource(of: node) else { return report(code, node, message, hint: hint) }
        findings.add(source.diagnostic(code, at: scalar.range(of: part), message, hint: hint))
    }

    /// The bytes of a scalar's token; of a list or mapping the first byte.
    package func range(of node: YAMLNode) -> Range<Int> {
        if let scalar = scalarSource(of: node) { return scalar.token }
        let start = source.offset(line: Int(node.line), column: Int(node.column))
        return start..<start
    }

    /// The bytes of a part of a scalar's text.
    func range(of node: YAMLNode, part: Range<Int>) -> Range<Int> {
        scalarSource(of: node)?.range(of: part) ?? range(of: node)
    }

    private func scalarSource(of node: YAMLNode) -> ScalarSource? {
        guard case .scalar(let text, let style) = node.content else { return nil }
        let start = source.offset(line: Int(node.line), column: Int(node.column))
        return ScalarSource(source, start: start, style: style, value: text)
    }

    private func unknown(_ node: YAMLNode, _ name: String, in key: String, known: [String]) {
        if let renamed = RenamedKey.find(name, in: key) {
            report(.renamed, node, "`\(name)` is now called `\(renamed.new)`", hint: renamed.hint)
            return
        }
        let hint: String
        if name == "<<" {
            hint = "YAML merge keys are not supported: write the keys out"
        } else if let foreign = ForeignKey.hint(name, in: key) {
            hint = foreign
        } else if let near = Suggestion.nearest(to: name, in: known) {
            hint = "did you mean `\(near)`?"
        } else {
            hint = "known keys: " + known.joined(separator: ", ")
        }
        report(.unknownKey, node, "unknown key `\(YAMLNode.shortened(name))` in \(key)", hint: hint)
    }
}

extension NodeReader {
    /// A list of networks.
    func networks(_ node: YAMLNode, _ key: String) -> [CIDR]? {
        guard let items = list(node, key, example: "10.0.0.0/8") else { return nil }
        let networks = items.compactMap { network($0, key) }
        return networks.count == items.count ? networks : nil
    }

    private func network(_ node: YAMLNode, _ key: String) -> CIDR? {
        guard let text = text(node, "each of \(key)") else { return nil }
        guard let network = CIDR(text) else {
            let hint = "write networks as 10.0.0.0/8, 'fd00::/8', or as a single address"
            report(.badValue, node, "`\(YAMLNode.shortened(text))` is not a network", hint: hint)
            return nil
        }
        return network
    }

    func origin(of node: YAMLNode) -> SourceLocation {
        SourceLocation(file: source.file, line: Int(node.line), column: Int(node.column))
    }
}

extension NodeReader {
    /// `true` or `false`.
    func flag(_ node: YAMLNode, _ key: String) -> Bool? {
        switch node.text {
        case "true": return true
        case "false": return false
        default:
            reportUnfit(node, key, "`true` or `false`")
            return nil
        }
    }
}
