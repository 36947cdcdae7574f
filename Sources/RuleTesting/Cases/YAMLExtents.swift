import RoutingConfig

/// The byte ranges of the values in a YAML text.
struct YAMLExtents {
    private let source: SourceText
    private let reader: NodeReader

    enum Style {
        /// A scalar on one line.
        case scalar
        /// `{ … }` or `[ … ]`.
        case flow
        /// Indented lines.
        case block
    }

    init(_ source: SourceText) {
        self.source = source
        self.reader = NodeReader(source: source, findings: DiagnosticCollector())
    }

    func start(of node: YAMLNode) -> Int {
        source.offset(line: Int(node.line), column: Int(node.column))
    }

    func style(_ node: YAMLNode) -> Style {
        if case .scalar = node.content { return .scalar }
        let start = start(of: node)
        guard source.bytes.indices.contains(start) else { return .block }
        let byte = source.bytes[start]
        return byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") ? .flow : .block
    }

    /// Whether the value is an alias: its node has the position of the anchor.
    func isAlias(_ pair: YAMLNode.Pair) -> Bool {
        start(of: pair.value) < start(of: pair.key)
    }

    /// The range of a value's text; nil: its end is unknown, as for texts of several lines.
    func range(of node: YAMLNode) -> Range<Int>? {
        guard let end = end(of: node) else { return nil }
        let start = style(node) == .scalar ? reader.range(of: node).lowerBound : start(of: node)
        return start <= end ? start..<end : nil
    }

    func end(of node: YAMLNode) -> Int? {
        switch node.content {
        case .scalar(_, .block): return nil
        case .scalar:
            let range = reader.range(of: node)
            return node.isNull && node.text == "" ? range.lowerBound : range.upperBound
        case .mapping(let pairs):
            if style(node) == .flow { return flowEnd(start(of: node)) }
            guard let last = pairs.last else { return nil }
            return end(of: last)
        case .sequence(let items):
            if style(node) == .flow { return flowEnd(start(of: node)) }
            return items.last.flatMap { end(of: $0) }
        }
    }

    private func end(of pair: YAMLNode.Pair) -> Int? {
        if isAlias(pair) || pair.value.isNull { return endOfWord(after: pair.key) }
        return end(of: pair.value)
    }

    /// From after a pair's colon to the end of its value.
    func rangeAfterColon(of pair: YAMLNode.Pair) -> Range<Int>? {
        guard let colon = colon(after: pair.key), let end = end(of: pair), end > colon else { return nil }
        return (colon + 1)..<end
    }

    /// The whole lines of a pair in block style.
    func lines(of pair: YAMLNode.Pair) -> Range<Int>? {
        guard let end = end(of: pair), let start = ownLine(of: pair.key) else { return nil }
        return start..<min(endOfLine(end) + 1, source.bytes.count)
    }

    /// The start of the line that a key is the first word of; nil: it follows a dash.
    func ownLine(of key: YAMLNode) -> Int? {
        let line = source.line(Int(key.line))
        let indent = source.bytes[line.lowerBound..<max(line.lowerBound, start(of: key))]
        return indent.allSatisfy { $0 == UInt8(ascii: " ") } ? line.lowerBound : nil
    }

    func endOfLine(_ offset: Int) -> Int {
        var end = offset
        while end < source.bytes.count, source.bytes[end] != 0x0A, source.bytes[end] != 0x0D { end += 1 }
        return end
    }

    private func colon(after key: YAMLNode) -> Int? {
        var offset = reader.range(of: key).upperBound
        while offset < source.bytes.count, source.bytes[offset] == 0x20 { offset += 1 }
        guard offset < source.bytes.count, source.bytes[offset] == UInt8(ascii: ":") else { return nil }
        return offset
    }

    /// The end of `*alias`, `~` or nothing, on the key's line.
    private func endOfWord(after key: YAMLNode) -> Int? {
        guard var offset = colon(after: key) else { return nil }
        offset += 1
        var end = offset
        while offset < source.bytes.count, source.bytes[offset] == 0x20 { offset += 1 }
        let stops = Array(" ,]}\r\n#".utf8)
        while offset < source.bytes.count, !stops.contains(source.bytes[offset]) {
            offset += 1
            end = offset
        }
        return end
    }

    /// The offset after the bracket that closes the one at `start`.
    private func flowEnd(_ start: Int) -> Int? {
        let bytes = source.bytes
        var depth = 0
        var offset = start
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return offset + 1 }
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                // Inside a plain scalar, a quote is an ordinary character.
                if offset > start, Array(" {[,:\n".utf8).contains(bytes[offset - 1]) {
                    guard let end = quoteEnd(offset) else { return nil }
                    offset = end
                }
            case UInt8(ascii: "#")
            where offset > 0 && (bytes[offset - 1] == 0x20 || bytes[offset - 1] == 0x0A):
                offset = endOfLine(offset)
            default: break
            }
            offset += 1
        }
        return nil
    }

    /// The offset of the quote that ends the scalar at `start`.
    private func quoteEnd(_ start: Int) -> Int? {
        let quote = source.bytes[start]
        var offset = start + 1
        while offset < source.bytes.count {
            let byte = source.bytes[offset]
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { offset += 1 }
            if byte == quote {
                let next = offset + 1
                guard quote == UInt8(ascii: "'"), next < source.bytes.count, source.bytes[next] == quote
                else {
                    return offset
                }
                offset += 1
            }
            offset += 1
        }
        return nil
    }
}
