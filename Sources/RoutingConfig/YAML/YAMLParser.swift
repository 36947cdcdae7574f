/// Parses a file's text into a tree; what is not allowed in a rule file is reported.
///
/// Its work and memory are bounded for every text: nesting and the values of aliases are limited,
/// and nothing recurses.
package struct YAMLParser {
    /// The maximum nesting of mappings and lists. Rule files need 6.
    static let maxDepth = 64
    /// How many values a file may have beyond one for each of its bytes. Only
    /// aliases of aliases can make more (the "billion laughs").
    static let aliasAllowance = 65_536

    private let source: SourceText
    private let findings: DiagnosticCollector
    private var budget: Int
    private var anchors: [String: Anchored] = [:]
    private var open: [Frame] = []

    /// A value that aliases may stand for, and the number of values in it, itself included.
    private struct Anchored {
        let node: YAMLNode
        let weight: Int
    }

    /// A mapping or list that is not complete.
    private struct Frame {
        let mark: YAMLMark
        let anchor: String?
        let isMapping: Bool
        var items: [YAMLNode] = []
        var pairs: [YAMLNode.Pair] = []
        /// A key whose value has not been read yet.
        var key: YAMLNode?
        var weight = 1
    }

    /// A finding after which the rest is not read.
    private struct Stop: Error {
        let diagnostic: Diagnostic
    }

    /// The tree of `source`, or nil after reporting an error.
    package static func parse(_ source: SourceText, findings: DiagnosticCollector) -> YAMLNode? {
        var parser = YAMLParser(
            source: source,
            findings: findings,
            budget: source.bytes.count + aliasAllowance
        )
        do throws(Stop) {
            return try parser.run()
        } catch {
            findings.add(error.diagnostic)
            return nil
        }
    }

    private init(source: SourceText, findings: DiagnosticCollector, budget: Int) {
        self.source = source
        self.findings = findings
        self.budget = budget
    }

    private mutating func run() throws(Stop) -> YAMLNode {
        let events = YAMLEvents(source.bytes)
        var documents = 0
        var root = YAMLNode(content: .scalar("", .plain), line: 1, column: 1)
        while true {
            let event: YAMLEvent
            do throws(YAMLError) {
                event = try events.next()
            } catch {
                throw Stop(diagnostic: YAMLErrorMessage.diagnostic(of: error, in: source))
            }
            var complete: YAMLNode?
            switch event.kind {
            case .streamEnd:
                return root
            case .documentStart:
                documents += 1
                if documents > 1 {
                    let hint = "remove the `---`, or put the rest into a file of its own"
                    throw stop(
                        .badYAML,
                        at: event.mark,
                        "a second document starts here; a rule file has only one",
                        hint: hint
                    )
                }
            case .documentEnd, .other:
                break
            case .scalar(let text, let style):
                check(event.tag, at: event.mark)
                let node = node(.scalar(text, style), at: event.mark)
                complete = try add(node, weight: 1, anchor: event.anchor)
            case .alias(let name):
                guard let anchored = anchors[name] else {
                    let hint = "a text that starts with `*` needs quotes"
                    throw stop(.badYAML, at: event.mark, "this alias has no anchor", hint: hint)
                }
                complete = try add(anchored.node, weight: anchored.weight, anchor: nil, alias: event.mark)
            case .sequenceStart, .mappingStart:
                check(event.tag, at: event.mark)
                guard open.count < Self.maxDepth else {
                    throw stop(.badYAML, at: event.mark, "this is nested too deeply")
                }
                var isMapping = false
                if case .mappingStart = event.kind { isMapping = true }
                open.append(Frame(mark: event.mark, anchor: event.anchor, isMapping: isMapping))
            case .sequenceEnd, .mappingEnd:
                guard let frame = open.popLast() else { break }
                if frame.isMapping { reportDuplicates(frame.pairs) }
                let content = frame.isMapping ? YAMLNode.Content.mapping(frame.pairs) : .sequence(frame.items)
                complete = try add(node(content, at: frame.mark), weight: frame.weight, anchor: frame.anchor)
            }
            if let complete { root = complete }
        }
    }

    private func node(_ content: YAMLNode.Content, at mark: YAMLMark) -> YAMLNode {
        YAMLNode(content: content, line: Int32(clamping: mark.line), column: Int32(clamping: mark.column))
    }

    /// Adds a complete value to the open mapping or list.
    ///
    /// - Returns: the value, when none is open: then it is the document's.
    private mutating func add(
        _ node: YAMLNode,
        weight: Int,
        anchor: String?,
        alias: YAMLMark? = nil
    ) throws(Stop) -> YAMLNode? {
        // The parts of a list or mapping are already counted; an alias adds all of its own once more.
        budget -= alias == nil ? 1 : weight
        guard budget >= 0 else {
            let mark = alias ?? YAMLMark(line: Int(node.line), column: Int(node.column))
            let message = "aliases add more than \(Self.aliasAllowance) values to this file"
            throw stop(.tooMany, at: mark, message, hint: "write the values out")
        }
        if let anchor { anchors[anchor] = Anchored(node: node, weight: weight) }
        guard !open.isEmpty else { return node }
        let top = open.count - 1
        open[top].weight += weight
        if !open[top].isMapping {
            open[top].items.append(node)
        } else if let key = open[top].key {
            open[top].pairs.append(YAMLNode.Pair(key: key, value: node))
            open[top].key = nil
        } else {
            open[top].key = node
        }
        return nil
    }

    /// Tags change the type of a value. Rules do not need them: one is a mistake (or `!important`).
    private func check(_ tag: String?, at mark: YAMLMark) {
        guard let tag, tag != "!" else { return }
        let core = "tag:yaml.org,2002:"
        if tag == core + "str" || tag == core + "seq" || tag == core + "map" { return }
        let message = "the tag `\(YAMLNode.shortened(tag))` has no meaning here"
        findings.add(stop(.badYAML, at: mark, message, hint: "remove it").diagnostic)
    }

    private func reportDuplicates(_ pairs: [YAMLNode.Pair]) {
        var first: [String: YAMLNode] = [:]
        // Most mappings are rules: comparing all pairs is cheaper than hashing.
        if pairs.count <= 16 {
            var differ = true
            for index in pairs.indices.dropFirst() {
                guard let name = pairs[index].key.text else { continue }
                if pairs[..<index].contains(where: { $0.key.text == name }) { differ = false }
            }
            if differ { return }
        }
        for key in pairs.map(\.key) {
            guard let name = key.text else { continue }
            guard let earlier = first[name] else {
                first[name] = key
                continue
            }
            let message =
                "the key `\(YAMLNode.shortened(name))` occurs twice (first on line \(earlier.line))"
            let reader = NodeReader(source: source, findings: findings)
            reader.report(.duplicateKey, key, message, hint: "remove one of them")
        }
    }

    private func stop(
        _ code: Diagnostic.Code,
        at mark: YAMLMark,
        _ message: String,
        hint: String? = nil
    ) -> Stop {
        let start = source.offset(line: mark.line, column: mark.column)
        return Stop(diagnostic: source.diagnostic(code, at: start..<start, message, hint: hint))
    }
}
