/// Which paths a rule matches, in nginx's normalised form.
enum PathCondition {
    case any
    case exact(String)
    case prefix(String)
    /// Found in the path, which also begins with `under`, or is `under` where `exactly` is set.
    case pattern(NginxRegex, under: String?, exactly: Bool)

    var regex: NginxRegex? {
        if case .pattern(let regex, _, _) = self { regex } else { nil }
    }

    /// Paths that match both; nil: one rule cannot have both conditions.
    func and(_ regex: NginxRegex) -> PathCondition? {
        switch self {
        case .any, .prefix("/"): .pattern(regex, under: nil, exactly: false)
        case .prefix(let prefix): .pattern(regex, under: prefix, exactly: false)
        case .exact(let path): .pattern(regex, under: path, exactly: true)
        case .pattern: nil
        }
    }

    /// A rule's `path`; nil: every path.
    func text(naming names: [Int: [Int: String]]) -> String? {
        switch self {
        case .any, .prefix("/"): nil
        case .exact(let path): "=\(path)"
        case .prefix(let path): path
        case .pattern(let regex, let prefix, let exactly):
            regex.pathText(under: prefix, exactly: exactly, naming: names[regex.id] ?? [:])
        }
    }
}
