import Routing

/// A `location` block with its nested locations.
struct Location {
    enum Kind {
        case exact(String)
        /// `final`: `^~`, which skips the regular expressions of the same level.
        case prefix(String, final: Bool)
        case regex(NginxRegex)
        case named(String)
    }

    let kind: Kind
    let directive: Directive
    let block: [Directive]
    let nested: [Location]
    /// Why no rule must let its requests through; nil: rules can.
    let closed: Untranslatable?

    var position: SourceLocation { directive.position }

    /// Its path, if it is not a regular expression.
    var path: String? {
        switch kind {
        case .exact(let path), .prefix(let path, _): path
        case .regex, .named: nil
        }
    }
}
