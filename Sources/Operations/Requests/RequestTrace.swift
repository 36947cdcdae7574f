import FoundationEssentials
import ProxyCore
import Routing

/// Why each rule matches a request that is kept, or does not, by the rules that are in force now.
struct RequestTrace {
    private(set) var steps: [RouteTrace.Step] = []
    /// How far it can be believed; nil: it is what happened.
    private(set) var note: String?

    init(_ request: KeptRequest, _ table: RouteTable) {
        guard request.slot.flags.contains(.decided) || request.slot.stage == .decide else {
            note = "the request ended before the rules"
            return
        }
        let hostBytes = Array(request.bytes(of: .host))
        guard let host = try? HostName(hostBytes.span), !request.slot.texts.isCut(.host) else {
            note = "the host is not kept, or is not valid: no rule can be evaluated"
            return
        }
        let target = Self.originForm(Array(request.bytes(of: .uri)))
        let method = Array(request.bytes(of: .method))
        let bytes = host.bytes
        let key = RouteKey(
            host: bytes.span,
            target: target.span,
            method: method.span,
            scheme: request.slot.flags.contains(.secure) ? .https : .http,
            client: request.slot.client
        )
        var trace = RouteTrace()
        var usesFields = false
        let decision = table.decide(
            key,
            headers: { _, _ in
                usesFields = true
                return false
            },
            scratch: RouteScratch(),
            trace: &trace
        )
        steps = trace.steps
        note = Self.note(
            request,
            isSame: decision.ruleName == request.text(.rule),
            usesFields: usesFields
        )
    }

    private static func note(_ request: KeptRequest, isSame: Bool, usesFields: Bool) -> String? {
        if !request.hasCurrentRules {
            return isSame
                ? "the rules have been loaded again since; this is what those of now say"
                : "the rules have changed since: this is what those of now say, and they decide otherwise"
        }
        if usesFields {
            return "header fields are not kept: conditions on them are shown as not matching"
        }
        if request.slot.texts.isCut(.uri) { return "the end of the path is not kept" }
        return isSame ? nil : "the rules decide otherwise now: the request had something that is not kept"
    }

    /// The path and query of an absolute target.
    private static func originForm(_ target: [UInt8]) -> [UInt8] {
        let text = String(decoding: target, as: UTF8.self)
        guard !text.hasPrefix("/"), let scheme = text.firstRange(of: "://") else { return target }
        let rest = text[scheme.upperBound...]
        guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return Array("/".utf8) }
        let path = rest[slash...]
        return Array((path.hasPrefix("/") ? "" : "/").utf8) + Array(path.utf8)
    }
}
