package import NIOCore
package import Routing

/// One request with its response, for the access log.
///
/// Made on the event loop at the end of the exchange; its byte slices share the buffers of the exchange.
package struct ExchangeRecord {
    package var client: IPAddress
    /// The peer of the socket: the client, or a trusted proxy.
    package var peer: IPAddress
    /// The subject of the client's certificate, where the rule accepts it; nil: nobody is known by one.
    package var clientSubject: [UInt8]?
    package var method: ByteBuffer
    /// As received; never empty for a request whose head is well formed.
    package var target: ByteBuffer
    package var host: ByteBuffer
    package var version: StaticString
    package var referer: ByteBuffer?
    package var userAgent: ByteBuffer?
    package var requestID: ByteBuffer
    package var decision: Decision?
    /// The target that the request went to in place of the rule's, by `split` or `failover`; nil: to that one.
    package var usedTarget: Target?
    package var endpoint: Endpoint?
    package var status: Int
    package var failure: Failure?
    /// Body bytes received from the downstream.
    package var bytesIn: UInt64
    /// Body bytes sent to the downstream.
    package var bytesOut: UInt64
    package var start: NIODeadline
    /// When the upstream connection was ready; nil if there was none.
    package var connected: NIODeadline?
    /// When the head of the response was received, or made.
    package var responded: NIODeadline?
    package var end: NIODeadline
    /// The upstream connection had been used before.
    package var reused: Bool
    /// The request was sent again after a stale connection closed.
    package var retried: Bool
    /// Whether the access log has it; nil: it does.
    package var logPolicy: AccessLogPolicy?
    /// The trace that it belongs to; nil: the tier has no `tracing`.
    package var trace: TraceContext?

    package init(
        client: IPAddress,
        peer: IPAddress,
        clientSubject: [UInt8]? = nil,
        method: ByteBuffer,
        target: ByteBuffer,
        host: ByteBuffer,
        version: StaticString,
        referer: ByteBuffer?,
        userAgent: ByteBuffer?,
        requestID: ByteBuffer,
        decision: Decision?,
        usedTarget: Target? = nil,
        endpoint: Endpoint?,
        status: Int,
        failure: Failure?,
        bytesIn: UInt64,
        bytesOut: UInt64,
        start: NIODeadline,
        connected: NIODeadline?,
        responded: NIODeadline?,
        end: NIODeadline,
        reused: Bool,
        retried: Bool
    ) {
        self.client = client
        self.peer = peer
        self.clientSubject = clientSubject
        self.method = method
        self.target = target
        self.host = host
        self.version = version
        self.referer = referer
        self.userAgent = userAgent
        self.requestID = requestID
        self.decision = decision
        self.usedTarget = usedTarget
        self.endpoint = endpoint
        self.status = status
        self.failure = failure
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.start = start
        self.connected = connected
        self.responded = responded
        self.end = end
        self.reused = reused
        self.retried = retried
    }
}

extension ExchangeRecord {
    /// What is known of an exchange at its end.
    init(of exchange: Exchange, _ downstream: any ExchangeDownstream) {
        let peer = downstream.connection.peer
        // Where Berth did not connect to: for the log alone, no client sees it.
        let prohibited =
            exchange.facts.failure?.reason == .prohibitedAddress
            ? exchange.facts.route.pool?.resolution.prohibited.first?.endpoint : nil
        self.init(
            client: exchange.facts.route.client ?? peer,
            peer: peer,
            clientSubject: exchange.facts.route.identity?.subject,
            method: exchange.facts.logFields.methodBytes,
            target: exchange.facts.logFields.targetBytes,
            host: exchange.facts.logFields.hostBytes,
            version: downstream.protocolName,
            referer: exchange.facts.logFields.refererBytes,
            userAgent: exchange.facts.logFields.userAgentBytes,
            requestID: exchange.facts.requestID,
            decision: exchange.facts.route.decision?.decision,
            usedTarget: exchange.facts.route.usedTarget,
            endpoint: exchange.facts.upstream?.endpoint ?? prohibited,
            status: exchange.facts.status,
            failure: exchange.facts.failure,
            bytesIn: downstream.requestBodyBytes &+ (exchange.tunnel?.bytesUp ?? 0),
            bytesOut: exchange.facts.bytesOut,
            start: exchange.facts.start,
            connected: exchange.facts.connected,
            responded: exchange.facts.responded,
            end: exchange.context.now,
            reused: exchange.facts.reused,
            retried: exchange.machine.wasRetried
        )
        logPolicy = decision?.rule?.accessLog ?? exchange.context.settings.accessLog
        trace = exchange.facts.trace
    }

    /// The request failed, and not by its client's fault: with a status from 500 on, or with a response that broke off.
    package var isError: Bool {
        if status >= 500 { return true }
        guard let failure, status < 400 else { return false }
        return failure.side != .downstream
    }

    /// Whether the access log has it, as the rules say.
    package var isLogged: Bool {
        guard let logPolicy else { return true }
        return logPolicy.includes(status: status, isError: isError, id: requestID.readableBytesUInt8Span)
    }
}

/// Receives the records of one event loop. Called on that loop only.
package protocol ExchangeLog: AnyObject {
    func record(_ record: ExchangeRecord)
    /// Called about four times a second and at the end: writes what was collected.
    func flush()
}
