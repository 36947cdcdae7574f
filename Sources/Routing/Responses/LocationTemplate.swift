import Bytes

/// The template `to` of `rewrite_location`.
///
/// What comes of the URL itself (a group of `from`, or what follows a prefix) must not choose the host: the result
/// leads to the host that the template writes, or to the one that the endpoint had sent.
struct LocationTemplate: Sendable {
    /// As written: the result is good where it keeps the URL's host, or has none.
    let whole: Template
    /// The URL in its parts: the result is good where the host is the template's. Nil where it begins with a group.
    let plan: RedirectPlan?

    var dependsOnHostAlone: Bool { whole.dependsOnHostAlone && plan?.dependsOnHostAlone ?? true }

    func frozen(_ key: borrowing RouteKey, _ captured: borrowing RuleCaptures) -> FrozenLocationTemplate {
        FrozenLocationTemplate(
            whole: try? whole.frozen(key, captured),
            redirect: try? plan?.frozen(key, captured)
        )
    }
}

/// A `LocationTemplate` with the values of a request; nil parts: these values make no valid URL.
struct FrozenLocationTemplate: Sendable, CustomStringConvertible {
    let whole: Template?
    let redirect: FrozenRedirect?

    /// - Parameters:
    ///   - captured: the groups of `from`.
    ///   - rest: what follows the prefix.
    func apply(
        to url: Span<UInt8>,
        _ captured: borrowing RuleCaptures,
        rest: [UInt8]
    ) -> FrozenLocation.Result {
        guard LocationURL.isVisible(rest.span) else { return .unsafe }
        if let whole, let new = expand(whole, captured, rest), Self.keepsHost(of: url, new.span) {
            return .replaced(new)
        }
        if let new = redirect?.expand(captured, rest: rest) { return .replaced(new) }
        return .unsafe
    }

    private func expand(_ whole: Template, _ captured: borrowing RuleCaptures, _ rest: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        guard (try? whole.expandFrozen(captured, into: &out)) != nil else { return nil }
        return out + rest
    }

    /// Whether a URL leads to no other host than the one before.
    private static func keepsHost(of url: Span<UInt8>, _ new: Span<UInt8>) -> Bool {
        if LocationURL.isLocalPath(new) { return true }
        guard let before = LocationURL(url)?.host, let after = LocationURL(new)?.host else { return false }
        return before.bytes == after.bytes
    }

    var description: String { whole?.description ?? "nothing" }
}

/// A URL of which only groups of the replaced URL are missing.
struct FrozenRedirect: Sendable {
    let lead: [UInt8]
    /// Nil: it is in `lead`, or there is none.
    let authority: RedirectAuthority?
    let rest: Template
    let hasHost: Bool

    /// Nil: the result would have no valid host, or another than the rule writes.
    func expand(_ captured: borrowing RuleCaptures, rest more: [UInt8]) -> [UInt8]? {
        var out = lead
        let end: Int
        do {
            try authority?.expandFrozen(captured, into: &out)
            end = out.count
            try rest.expandFrozen(captured, into: &out)
        } catch {
            return nil
        }
        out += more
        if !hasHost { return LocationURL.isLocalPath(out.span) ? out : nil }
        let tail = out.span.extracting(end..<out.count)
        guard tail.isEmpty || RedirectAuthority.isEnd(tail[0]) || isPort(tail) else { return nil }
        return LocationURL(out.span)?.host == nil ? nil : out
    }

    /// Whether the text begins with a port: `:8080/…`. (A second one is found by who reads the host.)
    private func isPort(_ text: Span<UInt8>) -> Bool {
        guard text[0] == ASCII.colon else { return false }
        var index = 1
        while let byte = text.byte(at: index), ASCII.isDigit(byte) { index += 1 }
        return text.byte(at: index).map(RedirectAuthority.isEnd) ?? true
    }
}
