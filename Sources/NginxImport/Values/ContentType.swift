import Routing

/// The `Content-Type` of a `return` with a text.
enum ContentType {
    static func of(_ context: RuleContext) -> String {
        let type = byExtension(context) ?? context.nearest("default_type")?.argument(0) ?? "text/plain"
        guard let charset = context.nearest("charset")?.argument(0), charset != "off", !charset.contains("$"),
            withCharset.contains(type)
        else { return type }
        return "\(type); charset=\(charset)"
    }

    /// The types to which nginx adds a charset by default.
    private static let withCharset: Set<String> = [
        "text/html", "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript",
        "application/rss+xml",
    ]

    /// The type of the location's path, if that is exact and has an extension that `types` knows.
    private static func byExtension(_ context: RuleContext) -> String? {
        guard case .exact(let path) = context.condition.path, let name = path.split(separator: "/").last,
            let dot = name.lastIndex(of: "."), path.last != "/"
        else { return nil }
        let ending = name[name.index(after: dot)...].lowercased()
        guard let types = context.nearest("types")?.block else {
            return ["html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"][ending]
        }
        return types.first { $0.arguments.contains { $0.text.lowercased() == ending } }?.name
    }
}
