import Bytes

/// A compiled `to` with the settings of its requests. A class, so that a copy is one reference.
final class ForwardPlan: Sendable {
    /// The target, when the rule spells it out.
    let fixedTarget: Target?
    /// The name otherwise.
    let name: Template
    let port: UInt16?
    let scheme: TargetScheme
    /// A path to prepend, without its last slash; nil: the path stays.
    let prefix: Template?
    let rewrite: RewritePlan?
    let hostHeader: Template?
    let setHeaders: HeaderPlan
    let settings: ForwardSettings

    init(
        target: TargetTemplate,
        rewrite: RewritePlan?,
        hostHeader: Template?,
        setHeaders: HeaderPlan,
        settings: ForwardSettings
    ) {
        self.fixedTarget = target.fixed
        self.name = target.name
        self.port = target.port
        self.scheme = target.scheme
        self.prefix = target.prefix
        self.rewrite = rewrite
        self.hostHeader = hostHeader
        self.setHeaders = setHeaders
        self.settings = settings
    }

    var dependsOnHostAlone: Bool {
        name.dependsOnHostAlone && prefix == nil && rewrite == nil
            && hostHeader?.dependsOnHostAlone ?? true && setHeaders.dependsOnHostAlone
    }

    /// Whether the normalised path is needed.
    var needsPath: Bool { prefix != nil || rewrite != nil }

    func forward(
        _ key: borrowing RouteKey,
        _ captured: inout RuleCaptures,
        scratch: RouteScratch
    ) throws(Refusal.Reason) -> Forward {
        let target = try target(key, captured, scratch: scratch)
        let requestTarget = needsPath ? try requestTarget(key, &captured, scratch: scratch) : nil
        var host: [UInt8]?
        if let hostHeader { host = try Self.hostHeader(hostHeader, key, captured) }
        return Forward(
            target: target,
            requestTarget: requestTarget,
            hostHeader: host,
            setHeaders: try setHeaders.fields(key, captured),
            fixed: settings
        )
    }

    private func target(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures,
        scratch: RouteScratch
    ) throws(Refusal.Reason) -> Target {
        if let fixedTarget { return fixedTarget }
        scratch.text.removeAll(keepingCapacity: true)
        try name.expand(key, captured, into: &scratch.text)
        guard Self.isName(scratch.text) else { throw .unsafeTarget }
        return Target(name: String(decoding: scratch.text, as: UTF8.self), port: port, scheme: scheme)
    }

    /// Whether bytes of a host name make one: labels neither empty nor too long.
    static func isName(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty, bytes.count <= HostName.maxBytes else { return false }
        var label = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard label > 0 else { return false }
                label = 0
            } else {
                label += 1
                guard label <= HostName.maxLabelBytes else { return false }
            }
        }
        return label > 0
    }

    /// Prefix, path (rewritten or as rules see it, encoded anew), query as received.
    private func requestTarget(
        _ key: borrowing RouteKey,
        _ captured: inout RuleCaptures,
        scratch: RouteScratch
    ) throws(Refusal.Reason) -> [UInt8]? {
        guard !key.isAsterisk else { return nil }
        guard scratch.normalisePath(key) else { throw .malformedPath }
        var out: [UInt8] = []
        if let prefix {
            try prefix.expand(key, captured, into: &out)
            if prefix.literal == nil, PathNormaliser.hasDotSegment(out.span) { throw .unsafePath }
        }
        let rewritten = try rewrite?.apply(key, &captured, scratch: scratch, into: &out) ?? false
        if !rewritten {
            // Nothing to prepend or rewrite: the path is forwarded unchanged.
            if prefix == nil { return nil }
            let path = scratch.path
            PercentEncoding.append(path: path.span, to: &out)
        }
        // A `?` without a query after it is left out.
        if key.target.count > key.pathEnd + 1 {
            out.append(key.target.extracting(key.pathEnd..<key.target.count))
        }
        return out
    }

    private static func hostHeader(
        _ template: Template,
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures
    ) throws(Refusal.Reason) -> [UInt8] {
        if let literal = template.literal { return literal }
        var out: [UInt8] = []
        do {
            try template.expand(key, captured, into: &out)
        } catch {
            throw .unsafeHeader
        }
        guard (try? HostName(out.span)) != nil else { throw .unsafeHeader }
        return out
    }
}
