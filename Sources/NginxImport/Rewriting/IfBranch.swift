/// Requests for which an `if` holds, or does not. The branches of an `if` are tested in order; the last one has
/// all other requests.
struct IfBranch {
    /// With the condition of the context.
    var condition: RuleCondition
    /// The regular expressions that match where this branch applies.
    var active: [NginxRegex] = []
    let holds: Bool
}

/// What an `if` compares its variable with.
struct IfTest {
    enum Kind {
        /// It is neither empty nor `0`.
        case isSet
        case equal(String)
        case matches(NginxRegex)
    }

    let kind: Kind
    /// `!=`, `!~`.
    let isNegated: Bool

    /// Whether it holds for a text; nil: its regular expression is not valid.
    func holds(_ text: String) -> Bool? {
        switch kind {
        case .isSet: (!text.isEmpty && text != "0") != isNegated
        case .equal(let other): (text == other) != isNegated
        case .matches(let regex): regex.matches(text).map { $0 != isNegated }
        }
    }
}
