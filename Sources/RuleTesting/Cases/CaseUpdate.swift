import RoutingConfig

/// Writes the actual results of cases as their expectations into the text of their file.
///
/// Keeps the order, comments and spelling of everything that is right.
struct CaseUpdate {
    private let source: SourceText
    private let extents: YAMLExtents
    private var edits: [Edit] = []

    struct Edit {
        let range: Range<Int>
        let text: [UInt8]
    }

    init(_ source: SourceText) {
        self.source = source
        self.extents = YAMLExtents(source)
    }

    /// The new text of the file; nil: there is nothing to change.
    static func text(_ file: CaseReport.File) -> [UInt8]? {
        var update = CaseUpdate(file.file.source)
        for result in file.results { update.add(result) }
        return update.edits.isEmpty ? nil : update.applied()
    }

    private mutating func add(_ result: CaseResult) {
        guard let outcome = result.outcome else { return }
        guard let node = result.routeCase.expectation.node else {
            return addExpectation(outcome.summary, to: result.routeCase.node)
        }
        var changed = Self.merged(node, outcome.value, result.differences.map(\.path), [])
        // The file said nothing about whether the request arrives.
        guard case .map(var entries) = changed else { return }
        let missing = result.differences.filter { $0.expected == nil && $0.path.count == 1 }
        for difference in missing.reversed() {
            guard let value = difference.actual, let key = difference.path.first else { continue }
            entries.removeAll { $0.key == key }
            entries.insert(OutcomeValue.Entry(key: key, value: value), at: 0)
        }
        // Remove keys of results that no longer exist.
        entries.removeAll { $0.value == .nothing && node[$0.key]?.isNull == false }
        changed = .map(entries)
        rewrite(node, as: changed)
    }

    /// The expectation with actual values instead of those that differ; `.nothing` if there is no actual value.
    private static func merged(
        _ node: YAMLNode,
        _ actual: OutcomeValue?,
        _ wrong: [[String]],
        _ path: [String]
    ) -> OutcomeValue {
        if wrong.contains(path) { return actual ?? .nothing }
        guard case .mapping(let pairs) = node.content else { return OutcomeValue(node) }
        return .map(
            pairs.map { pair in
                let key = pair.key.text ?? ""
                let value = actual?.value(of: key, inAnyCase: path == ["headers"])
                return OutcomeValue.Entry(key: key, value: merged(pair.value, value, wrong, path + [key]))
            }
        )
    }

    // MARK: Text

    /// Changes as little of a value's text as possible.
    private mutating func rewrite(_ node: YAMLNode, as value: OutcomeValue) {
        if OutcomeValue(node) == value { return }
        guard case .mapping(let pairs) = node.content, case .map(let entries) = value,
            extents.style(node) == .block, !pairs.isEmpty
        else {
            if let range = extents.range(of: node) { replace(range, value.description) }
            return
        }
        for entry in entries where !pairs.contains(where: { $0.key.text == entry.key }) {
            guard let line = extents.ownLine(of: pairs[0].key) else { continue }
            let indent = String(repeating: " ", count: max(0, Int(pairs[0].key.column) - 1))
            insert("\(indent)\(YAMLText.scalar(entry.key)): \(entry.value)\n", at: line)
        }
        for pair in pairs {
            guard let key = pair.key.text else { continue }
            guard let entry = entries.first(where: { $0.key == key }) else {
                if let lines = extents.lines(of: pair) { edits.append(Edit(range: lines, text: [])) }
                continue
            }
            if OutcomeValue(pair.value) == entry.value { continue }
            if extents.style(pair.value) == .block, case .map = entry.value, !extents.isAlias(pair) {
                rewrite(pair.value, as: entry.value)
            } else if extents.style(pair.value) != .block, !extents.isAlias(pair), !pair.value.isNull {
                rewrite(pair.value, as: entry.value)
            } else if let range = extents.rangeAfterColon(of: pair) {
                replace(range, " " + entry.value.description)
            }
        }
    }

    private mutating func addExpectation(_ value: OutcomeValue, to node: YAMLNode) {
        guard case .mapping(let pairs) = node.content, let first = pairs.first, case .map(let entries) = value
        else {
            return
        }
        if let empty = pairs.first(where: { $0.key.text == "expect" }) {
            if let range = extents.rangeAfterColon(of: empty) { replace(range, " \(value)") }
            return
        }
        guard extents.style(node) == .block, let end = extents.end(of: node) else {
            // `- { url: … }`
            if let range = extents.range(of: node) { insert(", expect: \(value) ", at: range.upperBound - 1) }
            return
        }
        let indent = String(repeating: " ", count: max(0, Int(first.key.column) - 1))
        var text = "\n\(indent)expect:"
        for entry in entries {
            guard case .map(let parts) = entry.value, entry.key == "front" || entry.key == "local" else {
                text += "\n\(indent)  \(entry.key): \(entry.value)"
                continue
            }
            text += "\n\(indent)  \(entry.key):"
            for part in parts { text += "\n\(indent)    \(part.key): \(part.value)" }
            if parts.isEmpty { text += " {}" }
        }
        insert(text, at: extents.endOfLine(end))
    }

    private mutating func replace(_ range: Range<Int>, _ text: String) {
        edits.append(Edit(range: range, text: Array(text.utf8)))
    }

    private mutating func insert(_ text: String, at offset: Int) {
        edits.append(Edit(range: offset..<offset, text: Array(text.utf8)))
    }

    private func applied() -> [UInt8] {
        var out: [UInt8] = []
        var copied = 0
        let ordered = edits.enumerated().sorted {
            ($0.element.range.lowerBound, $0.offset) < ($1.element.range.lowerBound, $1.offset)
        }
        for edit in ordered.map(\.element) {
            // A node with two aliases has two edits at one position.
            guard edit.range.lowerBound >= copied else { continue }
            out += source.bytes[copied..<edit.range.lowerBound]
            out += edit.text
            copied = edit.range.upperBound
        }
        return out + source.bytes[copied...]
    }
}
