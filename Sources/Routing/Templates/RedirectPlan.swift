import Bytes

/// A compiled `redirect`.
struct RedirectPlan: Sendable {
    let status: Int
    /// Scheme and slashes; empty where the rule writes no `//host`.
    private let lead: Template
    /// Nil: the rule names no host, and no captured text may name one.
    private let authority: RedirectAuthority?
    /// Path, query and fragment.
    private let rest: Template
    /// The URL, if there are no variables.
    private let fixed: [UInt8]?

    init(status: Int, lead: Template, authority: RedirectAuthority?, rest: Template) {
        self.status = status
        self.lead = lead
        self.authority = authority
        self.rest = rest
        let host = authority == nil ? [] : authority?.literal
        if let start = lead.literal, let host, let end = rest.literal {
            fixed = start + host + end
        } else {
            fixed = nil
        }
    }

    var dependsOnHostAlone: Bool {
        lead.dependsOnHostAlone && authority?.dependsOnHostAlone ?? true && rest.dependsOnHostAlone
    }

    func expand(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> [UInt8] {
        if let fixed { return fixed }
        var out: [UInt8] = []
        try lead.expand(key, captured, into: &out)
        try authority?.expand(key, captured, into: &out)
        let end = out.count
        try rest.expand(key, captured, into: &out)
        if authority != nil {
            // `*` of `OPTIONS *` would become a part of the host.
            guard end == out.count || RedirectAuthority.isEnd(out[end]) else { throw .unsafeRedirect }
        } else {
            guard out.first == UInt8(ascii: "/"), !RewritePlan.isNetworkPath(out.span) else {
                throw .unsafeRedirect
            }
        }
        return out
    }

    /// With the values of a request in place of all but the groups of a URL in a response.
    ///
    /// - Throws: where these values make no valid URL.
    func frozen(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> FrozenRedirect {
        var start: [UInt8] = []
        try lead.expand(key, captured, into: &start)
        let isOpen = authority?.hasGroups ?? false
        if !isOpen { try authority?.expand(key, captured, into: &start) }
        return FrozenRedirect(
            lead: start,
            authority: isOpen ? try authority?.frozen(key, captured) : nil,
            rest: try rest.frozen(key, captured),
            hasHost: authority != nil
        )
    }
}
