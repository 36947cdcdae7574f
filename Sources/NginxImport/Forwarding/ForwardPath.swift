import Routing

/// How a rule changes the path: with text after the name in `to`, or with `rewrite_path`.
enum ForwardPath {
    /// Empty: the path is kept.
    case prefix(String)
    case rewrite(match: String, with: String, position: SourceLocation)

    /// - Throws: if a rule cannot have the path.
    func check(at position: SourceLocation) throws(Untranslatable) {
        switch self {
        case .prefix(""): break
        case .prefix(let text): try Self.check(text, at: position)
        case .rewrite(_, let text, let position): try Self.check(text, at: position)
        }
    }

    private static func check(_ text: String, at position: SourceLocation) throws(Untranslatable) {
        let segments = text.split(separator: "/")
        guard text.hasPrefix("/") || text.hasPrefix("${"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"#?\\".utf8.contains($0) }),
            !segments.contains("."), !segments.contains("..")
        else { throw Untranslatable("path", at: position, "a rule cannot produce `\(text)`") }
    }
}
