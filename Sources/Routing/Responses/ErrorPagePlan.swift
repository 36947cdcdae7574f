import Bytes

/// A compiled item of `error_pages`.
struct ErrorPagePlan: Sendable {
    private enum Content: Sendable {
        case file(ErrorPageFile)
        case target(TargetTemplate, path: Template, settings: ForwardSettings)
    }

    private let page: ErrorPage
    private let content: Content

    /// - Parameter tls: of targets with `https`.
    init(_ page: ErrorPage, scope: TemplateScope, tls: UpstreamTLS?) throws(TemplateParser.Failure) {
        self.page = page
        switch page.content {
        case .file(let file):
            content = .file(file)
        case .target(let text):
            let target = try TargetTemplate.read(text, scope: scope)
            // Of `to` this slash would be the one before the request's path.
            let slash: [Template.Piece] =
                target.prefix == nil || text.hasSuffix("/") ? [.literal([ASCII.slash])] : []
            let tls = target.scheme == .https ? tls ?? UpstreamTLS() : nil
            let settings = ForwardSettings(tls: tls)
            let path = Template(pieces: (target.prefix?.pieces ?? []) + slash)
            content = .target(target, path: path, settings: settings)
        }
    }

    /// How its target is connected to; nil: without TLS.
    var tls: UpstreamTLS? { if case .target(_, _, let settings) = content { settings.tls } else { nil } }

    /// The page, if it is the same for every request.
    var fixed: FrozenErrorPage? {
        switch content {
        case .file(let file): return FrozenErrorPage(page, .file(file))
        case .target(let target, let path, let settings):
            guard let name = target.fixed, let path = path.joined else { return nil }
            return FrozenErrorPage(page, .target(Self.forward(name, path, settings)))
        }
    }

    var dependsOnHostAlone: Bool {
        switch content {
        case .file: true
        case .target(let target, let path, _): target.name.dependsOnHostAlone && path.dependsOnHostAlone
        }
    }

    /// Nil: the values of the request make no valid target or path.
    func frozen(_ key: borrowing RouteKey, _ captured: borrowing RuleCaptures) -> FrozenErrorPage? {
        if let fixed { return fixed }
        guard case .target(let target, let template, let settings) = content else { return nil }
        var name = target.fixed
        var path: [UInt8] = []
        do {
            if name == nil {
                var bytes: [UInt8] = []
                try target.name.expand(key, captured, into: &bytes)
                guard ForwardPlan.isName(bytes) else { return nil }
                name = Target(
                    name: String(decoding: bytes, as: UTF8.self),
                    port: target.port,
                    scheme: target.scheme
                )
            }
            try template.expand(key, captured, into: &path)
        } catch {
            return nil
        }
        guard let name, LocationURL.isLocalPath(path.span), !PathNormaliser.hasDotSegment(path.span) else {
            return nil
        }
        return FrozenErrorPage(page, .target(Self.forward(name, path, settings)))
    }

    private static func forward(_ target: Target, _ path: [UInt8], _ settings: ForwardSettings) -> Forward {
        Forward(
            target: target,
            requestTarget: path,
            hostHeader: Array(target.authority.utf8),
            setHeaders: [],
            fixed: settings
        )
    }
}

/// A page with all that a request has to fill in.
package struct FrozenErrorPage: Sendable {
    package enum Content: Sendable {
        case file(ErrorPageFile)
        case target(Forward)
    }

    package let selector: ErrorPage.Selector
    package let content: Content
    package let status: Int?
    package let replacesResponses: Bool

    init(_ page: ErrorPage, _ content: Content) {
        selector = page.selector
        self.content = content
        status = page.status
        replacesResponses = page.replacesResponses
    }

    /// A page that belongs to no rule, and so has no captures.
    ///
    /// - Parameter tls: of targets with `https`; nil: the defaults.
    package static func ofTier(
        _ page: ErrorPage,
        tls: UpstreamTLS? = nil
    ) throws(TemplateParser.Failure) -> FrozenErrorPage {
        let plan = try ErrorPagePlan(page, scope: TemplateScope(), tls: tls)
        guard let fixed = plan.fixed else {
            throw TemplateParser.Failure(
                range: 0..<0,
                message: "only a page of a rule can have variables",
                hint: "write the target out, or write `error_pages` in the rule"
            )
        }
        return fixed
    }

    package var isFetched: Bool {
        if case .target = content { true } else { false }
    }

    /// The page for a response; nil: none.
    ///
    /// A cause comes before a status, one status before a range, a narrow range before a wide one.
    ///
    /// - Parameter cause: of the proxy's own response; nil: the endpoint responded.
    package static func find(_ pages: [FrozenErrorPage], cause: String?, status: Int) -> FrozenErrorPage? {
        var best: (page: FrozenErrorPage, width: Int)?
        for page in pages where cause != nil || page.replacesResponses {
            switch page.selector {
            case .cause(let word):
                if word == cause { return page }
            case .statuses(let range):
                guard range.contains(status), range.count < best?.width ?? .max else { continue }
                best = (page, range.count)
            }
        }
        return best?.page
    }
}

extension FrozenErrorPage: CustomStringConvertible {
    /// For people: `page 5xx: pages/5xx.html (as 200, also of the target)`.
    package var description: String {
        let selected =
            switch selector {
            case .cause(let word): word
            case .statuses(let range): StatusSet([range]).description
            }
        var notes: [String] = []
        if let status { notes.append("as \(status)") }
        if replacesResponses { notes.append("also in place of responses") }
        return "page \(selected): \(source)" + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
    }

    /// Where the page comes from: a path, or a URL.
    package var source: String {
        switch content {
        case .file(let file): file.path
        case .target(let forward):
            forward.target.url + String(decoding: forward.requestTarget ?? [], as: UTF8.self)
        }
    }
}
