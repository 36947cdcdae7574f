import Routing

/// Tests of a request's field.
struct FieldConditions {
    let findings: FindingCollector

    /// A condition of a rule for the requests that meet a test, or, with `isComplement`, for those that do not.
    /// Either ignores that the test is negated.
    ///
    /// A rule's condition holds only where the field is present; to nginx, an absent field is empty.
    func condition(
        _ field: String,
        _ test: IfTest,
        _ fail: (String) -> Untranslatable
    ) throws(Untranslatable) -> (header: (name: String, value: String), isComplement: Bool) {
        switch test.kind {
        case .isSet: return ((field, "~(?s)^(?!0$)."), false)
        case .equal(""): return ((field, Self.notEmpty), true)
        case .equal(let text): return ((field, "~^\(RegexText.escaped(text))$"), false)
        case .matches(let regex):
            guard regex.matches("") == false else {
                throw fail("it holds without the field, which a rule cannot test")
            }
            return ((field, (regex.ignoresCase ? "~*" : "~") + regex.text), false)
        }
    }

    /// A condition's value for fields that are present and not empty.
    static let notEmpty = "~(?s)."
}

/// `http_x_beta` is the field `X-Beta`.
enum FieldName {
    /// Whether a variable is a field of the request.
    static func isField(_ variable: String) -> Bool {
        variable.hasPrefix("http_") && variable != "http_host" || variable == "content_type"
    }

    static func of(_ variable: String) -> String {
        let name = variable.hasPrefix("http_") ? variable.dropFirst("http_".utf8.count) : variable[...]
        return name.split(separator: "_", omittingEmptySubsequences: false)
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
    }
}
