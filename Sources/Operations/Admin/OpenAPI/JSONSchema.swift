/// A JSON Schema (2020-12), as far as the description of the admin interface needs it.
indirect enum JSONSchema: Sendable {
    case any
    case string
    /// One of these texts.
    case word([String])
    /// A text that matches a pattern.
    case pattern(String)
    case integer
    /// From 0 to a number.
    case count(Int)
    case number
    /// From one number to another.
    case range(Double, Double)
    case boolean
    case list(JSONSchema)
    /// An object whose members all have this schema.
    case map(JSONSchema)
    case nullable(JSONSchema)
    /// An object with these members. Responses may have more; bodies of requests must have those that are required.
    case object([(name: String, schema: JSONSchema, isRequired: Bool)])
    /// Another one by its name.
    case named(String)

    var json: JSONNode {
        switch self {
        case .any: .object([:])
        case .string: Self.type("string")
        case .word(let words): ["type": "string", "enum": .list(words.map { .text($0) })]
        case .pattern(let pattern): ["type": "string", "pattern": .text(pattern)]
        case .integer: Self.type("integer")
        case .count(let most): ["type": "integer", "minimum": .number(0), "maximum": .number(Double(most))]
        case .number: Self.type("number")
        case .range(let least, let most):
            ["type": "number", "minimum": .number(least), "maximum": .number(most)]
        case .boolean: Self.type("boolean")
        case .list(let item): ["type": "array", "items": item.json]
        case .map(let item): ["type": "object", "additionalProperties": item.json]
        case .nullable(let schema): ["anyOf": [schema.json, Self.type("null")]]
        case .named(let name): ["$ref": .text("#/components/schemas/\(name)")]
        case .object(let members): Self.object(members)
        }
    }

    private static func type(_ name: String) -> JSONNode { ["type": .text(name)] }

    private static func object(
        _ members: [(name: String, schema: JSONSchema, isRequired: Bool)]
    ) -> JSONNode {
        var object: [String: JSONNode] = ["type": "object"]
        object["properties"] = .object(
            Dictionary(members.map { ($0.name, $0.schema.json) }) { first, _ in first }
        )
        let required = members.filter(\.isRequired).map(\.name)
        if !required.isEmpty { object["required"] = .list(required.map { .text($0) }) }
        return .object(object)
    }
}

/// A JSON value to write.
indirect enum JSONNode: Encodable, Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    case text(String)
    case number(Double)
    case bool(Bool)
    case list([JSONNode])
    case object([String: JSONNode])

    init(stringLiteral value: String) { self = .text(value) }
    init(arrayLiteral elements: JSONNode...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, JSONNode)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .number(let number): try container.encode(number)
        case .bool(let bool): try container.encode(bool)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }
}
