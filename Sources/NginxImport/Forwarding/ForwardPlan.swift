import Routing

/// A `proxy_pass` whose values are known but for what the request gives.
struct ForwardPlan {
    let url: [ValuePart]
    let fields: [HeaderField]
    /// The path that a `rewrite … break` gives; nil: there is none.
    let rewrittenPath: [ValuePart]?
    /// Whether the directive has variables: nginx then treats its path in another way.
    let hasVariables: Bool
    let pass: Directive
    /// The directive, or the entry of a map that gives its value.
    let position: SourceLocation

    /// The literal text at the start of the URL.
    var literalStart: String {
        if case .literal(let text)? = url.first { text } else { "" }
    }
}
