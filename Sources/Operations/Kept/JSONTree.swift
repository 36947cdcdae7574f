import FoundationEssentials

/// Any JSON value, to compare one with what was read of it. A member that is null is not there.
enum JSONTree: Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([JSONTree])
    case object([String: JSONTree])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSONTree].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSONTree].self).filter { $0.value != .null })
        }
    }

    /// Why a value could not be decoded, in words.
    static func reason(_ error: any Error) -> String {
        guard let (context, what) = described(error) else { return "it cannot be read" }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? what : "\(path): \(what)"
    }

    private static func described(_ error: any Error) -> (DecodingError.Context, String)? {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context)?: (context, "'\(key.stringValue)' is missing")
        case .typeMismatch(_, let context)?: (context, "a value of another type is needed")
        case .valueNotFound(_, let context)?: (context, "a value is missing")
        case .dataCorrupted(let context)?:
            (context, context.codingPath.isEmpty ? "it is not valid JSON" : "the value is not valid")
        default: nil
        }
    }
}
