import Bytes
import Routing

/// Reads `error_pages`, of a rule or of a tier.
struct ErrorPageReader {
    let reader: NodeReader
    let files: PageFiles

    private static let keys = ["file", "to", "status", "intercept", "content_type"]

    /// The pages with their keys, in the file's order.
    func pages(_ node: YAMLNode) -> [(key: YAMLNode, page: ErrorPage)] {
        let hint = "write error_pages: { 502: pages/502.html, 5xx: { to: 'errors:8080/5xx' } }"
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`error_pages`", "a mapping of statuses or causes to pages", hint: hint)
            return []
        }
        let pairs = reader.mapping(node, "`error_pages`") ?? []
        var pages: [(key: YAMLNode, page: ErrorPage)] = []
        for pair in pairs {
            guard let selector = selector(pair.key), let page = page(selector, pair) else { continue }
            pages.append((pair.key, page))
        }
        return pages
    }

    private func selector(_ node: YAMLNode) -> ErrorPage.Selector? {
        let text = node.text ?? ""
        if let range = StatusSet.range(text), range.lowerBound >= 400 { return .statuses(range) }
        if FailureCause.names.contains(text) { return .cause(text) }
        let near = Suggestion.nearest(to: text, in: FailureCause.names).map { "did you mean `\($0)`?" }
        reader.report(
            .badValue,
            node,
            "`\(YAMLNode.shortened(text))` is neither a status from 400 to 599 nor a cause",
            hint: near ?? "write 502, 5xx or 502-504; docs/errors.md lists the causes"
        )
        return nil
    }

    private func page(_ selector: ErrorPage.Selector, _ pair: YAMLNode.Pair) -> ErrorPage? {
        guard case .mapping = pair.value.content else {
            return file(pair.value, contentType: nil).map { ErrorPage(selector, .file($0)) }
        }
        let node = pair.value
        guard reader.mapping(node, "an error page", known: Self.keys) != nil,
            let content = content(node)
        else { return nil }
        var page = ErrorPage(selector, content)
        if let status = node["status"] { page.status = reader.integer(status, "`status`", in: 200...599) }
        if let flag = node["intercept"] { page.replacesResponses = reader.flag(flag, "`intercept`") ?? false }
        if case .cause = selector, page.replacesResponses, let flag = node["intercept"] {
            reader.report(
                .conflictingKeys,
                flag,
                "responses of a container have no cause",
                hint: "write `intercept` at a status: 502 or 5xx"
            )
        }
        return page
    }

    private func content(_ node: YAMLNode) -> ErrorPage.Content? {
        switch (node["file"], node["to"]) {
        case (let fileNode?, nil):
            var type: String?
            if let typeNode = node["content_type"] {
                guard let text = reader.text(typeNode, "`content_type`") else { return nil }
                guard !text.isEmpty, !text.utf8.contains(where: ASCII.isControl) else {
                    reader.report(.badValue, typeNode, "this is not a valid content type")
                    return nil
                }
                type = text
            }
            return file(fileNode, contentType: type).map { .file($0) }
        case (nil, let target?):
            if let type = node["content_type"] {
                reader.report(
                    .conflictingKeys,
                    type,
                    "`content_type` has no effect: the target sends its own"
                )
            }
            return reader.text(target, "`to`").map { .target($0) }
        case (nil, nil):
            reader.report(.missingKey, node, "an error page has a `file` or a target (`to`)")
        case (_?, let target?):
            reader.report(.conflictingKeys, target, "an error page has either `file` or `to`")
        }
        return nil
    }

    private func file(_ node: YAMLNode, contentType: String?) -> ErrorPageFile? {
        guard let path = reader.path(node, "an error page's file") else { return nil }
        do throws(RuleFiles.Fault) {
            return try files.page(path, contentType: contentType)
        } catch {
            reader.report(error.code, node, error.message, hint: error.hint)
            return nil
        }
    }
}
