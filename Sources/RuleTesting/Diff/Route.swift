import DryRun
import ProxyCore
import Routing
import RoutingConfig

/// Where a tier's rules route one request, and how.
struct Route: Sendable, Hashable {
    /// `to host_01:9000 (127.0.1.1:9000)`, `redirect 308 to …`, `respond 403`, `refused 404 no_rule`.
    let text: String
    /// The rule that won; nil: none did.
    let rule: String?
    /// `file:line` of the rule.
    let location: String?

    init(_ step: DryRunStep) {
        rule = step.decision?.ruleName
        location = step.decision?.rule?.origin.map { "\($0.file):\($0.line)" }
        text = Self.text(step) + Self.client(step) + Self.response(step)
    }

    private static func response(_ step: DryRunStep) -> String {
        (step.decision?.response?.lines ?? []).map { ", response: \($0)" }.joined()
    }

    private static func client(_ step: DryRunStep) -> String {
        guard let policy = step.decision?.rule?.clientCertificates else { return "" }
        return ", client certificate \(policy.isRequired ? "required" : "requested") (\(policy.authorities))"
    }

    private static func text(_ step: DryRunStep) -> String {
        if let failure = step.failure {
            let target = step.resolution.flatMap { _ in step.forward?.target.description }
            return "refused \(failure.status) \(failure.reason.rawValue)" + (target.map { " (\($0))" } ?? "")
        }
        switch step.decision?.outcome {
        case .redirect(let status, let location)?:
            return "redirect \(status) to \(String(decoding: location, as: UTF8.self))"
        case .respond(let status, _, let body)?:
            let start = String(decoding: body.prefix(shownBytes), as: UTF8.self)
            return "respond \(status)" + (body.isEmpty ? "" : " \(YAMLText.scalar(start))")
        case .forward(let forward)?:
            let endpoints = (step.resolution?.endpoints ?? []).map(\.description).joined(separator: ", ")
            let used = step.usedTarget.map { ", in its place \($0)" } ?? ""
            return "to \(forward.target)\(used) (\(endpoints))" + rewritten(forward)
        case .refuse?, nil:
            return "refused"
        }
    }

    private static func rewritten(_ forward: Forward) -> String {
        var text = ""
        if let target = forward.requestTarget { text += " as \(String(decoding: target, as: UTF8.self))" }
        if let host = forward.hostHeader { text += " with Host \(String(decoding: host, as: UTF8.self))" }
        for header in forward.setHeaders {
            let (name, value) = (
                String(decoding: header.name, as: UTF8.self), String(decoding: header.value, as: UTF8.self)
            )
            text += ", \(name): \(value)"
        }
        if let tls = forward.tls, tls != UpstreamTLS() { text += ", TLS \(tls)" }
        for name in forward.removeHeaders { text += ", without \(String(decoding: name, as: UTF8.self))" }
        return text
    }

    /// The number of bytes of a response's body that are shown.
    private static let shownBytes = 40

    /// The action without the names in it, which differ from host to host.
    static func kind(_ step: DryRunStep) -> String {
        if let failure = step.failure { return "refused \(failure.status) \(failure.reason.rawValue)" }
        switch step.decision?.outcome {
        case .redirect(let status, _)?: return "redirect \(status)"
        case .respond(let status, _, _)?: return "respond \(status)"
        case .forward?: return "forward"
        case .refuse?, nil: return "refused"
        }
    }

    /// Whether two steps give the same route. Faster than comparing routes, as most are the same.
    static func isSame(_ old: DryRunStep, _ new: DryRunStep) -> Bool {
        guard old.failure?.reason == new.failure?.reason else { return false }
        guard old.decision?.rule?.clientCertificates == new.decision?.rule?.clientCertificates else {
            return false
        }
        if old.decision?.response != nil || new.decision?.response != nil, response(old) != response(new) {
            return false
        }
        switch (old.decision?.outcome, new.decision?.outcome) {
        case (.redirect(let a, let b)?, .redirect(let c, let d)?): return a == c && b == d
        case (.respond(let a, let b, let c)?, .respond(let d, let e, let f)?):
            return a == d && b == e && c == f
        case (.forward(let a)?, .forward(let b)?):
            return a.target == b.target && old.usedTarget == new.usedTarget && a.tls == b.tls
                && a.requestTarget == b.requestTarget
                && a.hostHeader == b.hostHeader && a.removeHeaders == b.removeHeaders
                && a.setHeaders.elementsEqual(b.setHeaders) { $0.name == $1.name && $0.value == $1.value }
                && old.resolution?.endpoints == new.resolution?.endpoints
        case (.refuse?, .refuse?), (nil, nil): return true
        default: return false
        }
    }
}

extension DryRunStep {
    var forward: Forward? {
        guard case .forward(let forward)? = decision?.outcome else { return nil }
        return forward
    }
}
