import Bytes

/// What the hash of a request is made of: a text with variables that the request fills in.
///
/// Any byte may be in a key: nothing is escaped, and nothing refuses the request.
public struct HashKey: Sendable {
    private enum Part: Sendable {
        case template(Template)
        /// The values of the fields of this name (lower case), with `, ` between them.
        case header([UInt8])
        /// The first cookie of this name.
        case cookie([UInt8])
    }

    private let parts: [Part]

    /// As it was written.
    public let text: String

    /// - Throws: the error in a text such as `${uri}` or `${header.x-user}`.
    init(_ text: String) throws(TemplateParser.Failure) {
        var parts: [Part] = []
        for part in try TemplateParser.parse(text, fields: true) {
            parts.append(try Self.part(part))
        }
        let isConstant = parts.allSatisfy { part in
            if case .template(let template) = part { template.literal != nil } else { false }
        }
        guard !isConstant else {
            throw TemplateParser.Failure(
                range: 0..<text.utf8.count,
                message: text.isEmpty
                    ? "the key is empty"
                    : "the key is the same for every request: one endpoint would get them all",
                hint: "write a variable: \(Self.variables)"
            )
        }
        self.parts = parts
        self.text = text
    }

    private static func part(_ part: TemplateParser.Part) throws(TemplateParser.Failure) -> Part {
        switch part {
        case .literal(let bytes, _):
            return .template(Template(pieces: [.literal(bytes)]))
        case .number(let number, let range):
            throw TemplateParser.Failure(
                range: range,
                message: "`$\(number)` cannot be used here: a pool has no captures",
                hint: "write a variable of the request: \(variables); write `$$` for a dollar"
            )
        case .name(let name, let range):
            if let variable = TemplateVariable(rawValue: name) {
                return .template(Template(pieces: [.builtIn(variable, .none)]))
            }
            if let field = name.after("header.") { return .header(field.utf8.map(ASCII.lowercased)) }
            if let cookie = name.after("cookie.") { return .cookie(Array(cookie.utf8)) }
            throw TemplateParser.Failure(
                range: range,
                message: "`\(name)` is not a variable of a request",
                hint: "known variables: \(variables)"
            )
        }
    }

    private static let variables =
        TemplateVariable.allCases.map { "${\($0.rawValue)}" }.joined(separator: ", ")
        + ", ${header.NAME}, ${cookie.NAME}"

    /// Appends the request's key. A field or a cookie that the request does not have is empty.
    package func append(_ key: borrowing RouteKey, headers: HeaderLookup, to out: inout [UInt8]) {
        for part in parts {
            switch part {
            case .template(let template):
                template.append(key, to: &out)
            case .header(let name):
                var isFirst = true
                _ = headers(name) { value in
                    if !isFirst { out.append(contentsOf: ", ".utf8) }
                    isFirst = false
                    out.append(value)
                    return false
                }
            case .cookie(let name):
                _ = headers(Array("cookie".utf8)) { field in
                    guard let range = CookieField.value(of: name, in: field) else { return false }
                    out.append(field.extracting(range))
                    return true
                }
            }
        }
    }
}

extension Template {
    /// Appends the text of a template without captures whose variables take any byte.
    fileprivate func append(_ key: borrowing RouteKey, to out: inout [UInt8]) {
        // Neither a capture nor an escape is there that could refuse the request.
        try? expand(key, RuleCaptures(), into: &out)
    }
}

extension String {
    /// What follows `prefix`; nil: it does not begin with it, or nothing follows.
    fileprivate func after(_ prefix: String) -> Substring? {
        hasPrefix(prefix) && utf8.count > prefix.utf8.count ? dropFirst(prefix.count) : nil
    }
}
