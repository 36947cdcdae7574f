/// A compiled `redirect`.
struct RedirectPlan: Sendable {
    let status: Int
    let location: Template
    /// Whether the rule itself writes `//host`; if not, no captured text may form one.
    let namesHost: Bool

    func expand(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> [UInt8] {
        if let literal = location.literal { return literal }
        var out: [UInt8] = []
        try location.expand(key, captured, into: &out)
        if !namesHost {
            guard out.first == UInt8(ascii: "/"), !RewritePlan.isNetworkPath(out.span) else {
                throw .unsafeRedirect
            }
        }
        return out
    }
}
