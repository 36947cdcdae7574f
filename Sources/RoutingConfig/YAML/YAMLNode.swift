/// One value of a rule file, with its location.
package struct YAMLNode: Sendable {
    package indirect enum Content: Sendable {
        case scalar(String, ScalarStyle)
        case sequence([YAMLNode])
        case mapping([Pair])
    }

    package struct Pair: Sendable {
        package let key: YAMLNode
        package let value: YAMLNode
    }

    package let content: Content
    /// From 1, in Unicode scalars; of an alias: those of its anchor's value.
    package let line: Int32
    package let column: Int32

    /// A scalar's text.
    package var text: String? {
        if case .scalar(let text, _) = content { return text }
        return nil
    }

    /// A list's items; empty for anything else.
    package var items: [YAMLNode] {
        if case .sequence(let items) = content { return items }
        return []
    }

    /// Nothing, `~` or `null`: a key without a value.
    package var isNull: Bool {
        guard case .scalar(let text, .plain) = content else { return false }
        return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
    }

    /// A plain scalar that YAML reads as a whole number.
    package var integer: Int? {
        guard case .scalar(let text, .plain) = content else { return nil }
        return Int(text)
    }

    /// A mapping's value for `key`.
    package subscript(key: String) -> YAMLNode? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key.text == key }?.value
    }

    /// The value in the words of a message: "a list", "the number 5".
    package var inWords: String {
        switch content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar(let text, let style):
            if isNull { return "nothing" }
            let shown = Self.shortened(text)
            if style == .plain, Double(text) != nil { return "the number `\(shown)`" }
            if style == .plain, text == "true" || text == "false" { return "the boolean `\(shown)`" }
            return "the text `\(shown)`"
        }
    }

    /// `text`, cut where it would make a message unreadable.
    package static func shortened(_ text: String) -> String {
        text.unicodeScalars.count <= 60 ? text : String(text.prefix(59)) + "…"
    }
}
