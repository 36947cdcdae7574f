/// Which paths something is for, in nginx's normal form.
enum PathCondition {
    case any
    case exact(String)
    case prefix(String)
    /// Found in the path, which begins with `behind` as well.
    case pattern(NginxRegex, behind: String?, exactly: Bool)

    var regex: NginxRegex? {
        if case .pattern(let regex, _, _) = self { regex } else { nil }
    }

    /// What both let in; nil: it cannot be written as one condition.
    func and(_ regex: NginxRegex) -> PathCondition? {
        switch self {
        case .any, .prefix("/"): .pattern(regex, behind: nil, exactly: false)
        case .prefix(let prefix): .pattern(regex, behind: prefix, exactly: false)
        case .exact(let path): .pattern(regex, behind: path, exactly: true)
        case .pattern: nil
        }
    }

    /// A rule's `path`; nil: every path.
    func text(naming names: [Int: [Int: String]]) -> String? {
        switch self {
        case .any, .prefix("/"): nil
        case .exact(let path): "=\(path)"
        case .prefix(let path): path
        case .pattern(let regex, let behind, let exactly):
            regex.pathText(behind: behind, exactly: exactly, naming: names[regex.id] ?? [:])
        }
    }
}
