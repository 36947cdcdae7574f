/// Where a request goes on to, and what changes on the way.
public struct Forward: Sendable {
    public let target: Target
    /// Nil: as received. Otherwise origin form: path, and query as received.
    public let requestTarget: [UInt8]?
    /// The `Host` that goes on; nil: as received.
    public let hostHeader: [UInt8]?
    /// Fields that replace the request's; names as the rule writes them.
    public let setHeaders: [(name: [UInt8], value: [UInt8])]
    /// What is the same for every request of the rule: shared, not copied.
    let fixed: ForwardSettings

    public var scheme: TargetScheme { target.scheme }
    /// Nil: nothing goes there over TLS.
    public var tls: UpstreamTLS? { fixed.tls }
    /// Lower case.
    public var removeHeaders: [[UInt8]] { fixed.removeHeaders }
    public var timeouts: RuleTimeouts { fixed.timeouts }
    /// Empty: no narrowing.
    public var endpointNetworks: [CIDR] { fixed.endpointNetworks }
    /// Bytes; nil: the tier's limit.
    public var maxBodyBytes: UInt64? { fixed.maxBodyBytes }

    /// The same to another target, at the rule's port.
    package func leading(to name: String) -> Forward {
        Forward(
            target: Target(name: name, port: target.port, scheme: target.scheme),
            requestTarget: requestTarget,
            hostHeader: hostHeader,
            setHeaders: setHeaders,
            fixed: fixed
        )
    }
}

/// The part of a `Forward` that does not vary from request to request.
final class ForwardSettings: Sendable {
    let removeHeaders: [[UInt8]]
    let timeouts: RuleTimeouts
    let endpointNetworks: [CIDR]
    let maxBodyBytes: UInt64?
    let tls: UpstreamTLS?

    init(
        removeHeaders: [[UInt8]] = [],
        timeouts: RuleTimeouts = RuleTimeouts(),
        endpointNetworks: [CIDR] = [],
        maxBodyBytes: UInt64? = nil,
        tls: UpstreamTLS? = nil
    ) {
        self.removeHeaders = removeHeaders
        self.timeouts = timeouts
        self.endpointNetworks = endpointNetworks
        self.maxBodyBytes = maxBodyBytes
        self.tls = tls
    }
}
