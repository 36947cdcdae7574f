import RoutingConfig

/// A part of a request's outcome, as YAML can hold it.
package indirect enum OutcomeValue: Sendable, Hashable {
    /// `~`: there is no such value.
    case nothing
    case text(String)
    case list([OutcomeValue])
    /// In order; the keys are unique.
    case map([Entry])

    package struct Entry: Sendable, Hashable {
        package let key: String
        package let value: OutcomeValue
    }

    func value(of key: String, inAnyCase: Bool = false) -> OutcomeValue? {
        guard case .map(let entries) = self else { return nil }
        if let entry = entries.first(where: { $0.key == key }) { return entry.value }
        guard inAnyCase else { return nil }
        let key = key.lowercased()
        return entries.first { $0.key.lowercased() == key }?.value
    }

    /// Whether the values are equal, if a list of one element equals the element.
    func isSame(as other: OutcomeValue) -> Bool {
        switch (self, other) {
        case (.list(let one), .text) where one.count == 1: one[0] == other
        case (.text, .list(let one)) where one.count == 1: one[0] == self
        default: self == other
        }
    }
}

extension OutcomeValue {
    init(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let text, _): self = node.isNull ? .nothing : .text(text)
        case .sequence(let items): self = .list(items.map { OutcomeValue($0) })
        case .mapping(let pairs):
            self = .map(pairs.map { Entry(key: $0.key.text ?? "", value: OutcomeValue($0.value)) })
        }
    }
}

/// YAML on one line.
extension OutcomeValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .nothing: "~"
        case .text(let text): YAMLText.scalar(text)
        case .list(let items): "[" + items.map(\.description).joined(separator: ", ") + "]"
        case .map(let entries) where entries.isEmpty: "{}"
        case .map(let entries):
            "{ " + entries.map { "\(YAMLText.scalar($0.key)): \($0.value)" }.joined(separator: ", ") + " }"
        }
    }
}

extension OutcomeValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .nothing:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .list(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .map(let entries):
            var container = encoder.container(keyedBy: Key.self)
            for entry in entries { try container.encode(entry.value, forKey: Key(entry.key)) }
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ key: String) { stringValue = key }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
