import HTTP1
import Names
package import NIOCore
package import ProxyCore
package import Routing
import Settings

/// Follows a request through the tiers without any traffic, with the code that serves live requests: the head
/// is parsed, the stages are walked, the head is rewritten as bytes, and the next tier reads these bytes.
package struct DryRun {
    private let tiers: [DryRunTier]
    /// The address from which the second tier receives the request.
    private let frontAddress: IPAddress
    private let explain: Bool
    private let machine: DryRunMachine?

    /// - Parameters:
    ///   - tiers: front first.
    ///   - frontAddress: by default the first network that the last tier trusts, else
    ///     loopback: tiers that are set up to work together are taken to do so.
    ///   - explain: record the result of every rule.
    ///   - machine: what is known of the machine that the first tier runs on; nil: nothing.
    package init(
        _ tiers: [DryRunTier],
        frontAddress: IPAddress?,
        explain: Bool,
        machine: DryRunMachine? = nil
    ) {
        self.tiers = tiers
        self.machine = machine
        self.frontAddress =
            frontAddress ?? tiers.last?.stages.settings.trustedProxies.first?.firstHost
            ?? IPAddress(v4: 0x7F00_0001)
        self.explain = explain
    }

    /// - Parameter observe: receives each tier's step, with the tier's position on the way.
    package func run(
        _ request: DryRunRequest,
        observe: (Int, DryRunStep) -> Void = { _, _ in }
    ) -> DryRunReport {
        var report = DryRunReport(url: String(decoding: request.url, as: UTF8.self))
        var request = request
        if case .other(let scheme) = request.scheme {
            refuse("`\(scheme)` is not a scheme of HTTP: write http:// or https://", in: &report)
            return report
        }
        var scheme = RequestScheme.http
        var security: ConnectionSecurity?
        if request.scheme == .tls, let first = tiers.first {
            if var certificate = first.certificate?(request.serverName, request.port) {
                let handshake = first.handshake(for: request.serverName, at: request.port)
                security = handshake.security
                certificate.client = handshake.demand
                if handshake.demand != nil, certificate.file != nil { report.notes.append(Self.clientNote) }
                guard report.handshake(certificate, first) else { return report }
                scheme = .https
            } else if first.terminatesTLS {
                // Nobody can tell which certificate: tests of rules are linked with no TLS library.
                security = first.handshake(for: request.serverName, at: request.port).security
                scheme = .https
            } else {
                report.notes.append(TLSTerminator.pass(&request, to: first))
            }
        }
        guard let head = request.head else {
            refuse("the request has a line break where none can be", in: &report)
            return report
        }
        var sent = head
        follow(
            head,
            from: request.client,
            port: request.port,
            scheme: scheme,
            listener: tiers.first?.listener(at: request.port, scheme),
            security: security,
            writesLastHead: true
        ) { position, step in
            observe(position, step)
            report.append(DryRunReport.Tier(tiers[position], step, from: sent))
            if let head = step.head { sent = head }
            // What listens where the front tier sends requests is a tier, and should be.
            if tiers[position].name == "local", let note = machine?.note(on: step) {
                report.notes.append(note)
            }
            if step.isForwarded, position == tiers.count - 1 { report.received = ReceivedRequest(sent) }
        }
        return report
    }

    private static let clientNote = "the dry run assumes that the client shows a certificate of these CAs"

    private func refuse(_ message: String, in report: inout DryRunReport) {
        guard let first = tiers.first else { return }
        var tier = DryRunReport.Tier(first.name, files: first.files)
        tier.fail(Failure(.malformedRequest, message))
        report.append(tier)
    }

    /// Follows a request's head through the tiers, up to the one where its way ends.
    ///
    /// - Parameters:
    ///   - head: a whole head, as a connection would bring it.
    ///   - port: the port it came in at.
    ///   - scheme: whether the first tier receives it over TLS.
    ///   - listener: what the first tier's listener adds; nil: nothing.
    ///   - security: what the handshake with the first tier has settled; nil: there was none. By default the client has
    ///     whatever certificate is needed.
    ///   - writesLastHead: whether the last tier writes the head that it would send.
    ///   - visit: receives each tier's step, with the tier's position on the way.
    package func follow(
        _ head: ByteBuffer,
        from client: IPAddress,
        port: UInt16 = 80,
        scheme: RequestScheme = .http,
        listener: ListenerFacts? = nil,
        security: ConnectionSecurity? = ConnectionSecurity(following: .any()),
        writesLastHead: Bool,
        visit: (Int, DryRunStep) -> Void
    ) {
        var bytes = head
        var peer = client
        var port = port
        var scheme = scheme
        var passed: [Endpoint] = []
        for (position, tier) in tiers.enumerated() {
            let connection = ConnectionInfo(
                peer: peer,
                localPort: port,
                scheme: scheme,
                listener: position == 0 ? listener : nil,
                security: position == 0 ? security : nil,
                trustedProxies: tier.stages.settings.trustedProxies
            )
            let writesHead = writesLastHead || position < tiers.count - 1
            var step = step(bytes, through: tier, from: connection, writesHead: writesHead)
            if let endpoint = step.endpoint, let loop = loop(at: endpoint, position, passed) {
                step.fail(loop)
            }
            visit(position, step)
            guard let forwarded = step.head, let endpoint = step.endpoint else { return }
            passed.append(endpoint)
            bytes = forwarded
            peer = frontAddress
            port = endpoint.port
            scheme = .http
        }
    }

    /// Why a tier that the request has already passed would receive it again.
    ///
    /// - Parameter passed: where the tiers before this one sent it, which is where they listen.
    private func loop(at endpoint: Endpoint, _ position: Int, _ passed: [Endpoint]) -> Failure? {
        if passed.contains(endpoint) {
            return Failure(.prohibitedAddress, "the endpoint \(endpoint) is this tier itself")
        }
        // The first tier does not connect to itself: its own address guard sees to that.
        guard position > 0, let machine, machine.listens(at: endpoint) else { return nil }
        let first = tiers[0].name
        return Failure(.loopDetected, "the endpoint \(endpoint) is the \(first) tier itself (--listen)")
    }

    private func step(
        _ bytes: ByteBuffer,
        through tier: DryRunTier,
        from connection: ConnectionInfo,
        writesHead: Bool
    ) -> DryRunStep {
        var step = DryRunStep()
        var head = RequestHead()
        var scanned = 0
        do {
            let complete = try head.parse(
                bytes.readableBytesUInt8Span,
                scanned: &scanned,
                limits: tier.stages.settings.limits.head(trusted: connection.trusted)
            )
            guard complete else {
                step.failure = Failure(.malformedRequest)
                return step
            }
        } catch {
            step.failure = Failure(error)
            return step
        }
        var route = RequestRoute()
        step.trace = explain ? RouteTrace() : nil
        do throws(Failure) {
            step.endpoint = try walk(head, bytes, tier, connection, &route, &step.trace)?.endpoint
            if step.endpoint != nil, writesHead, let forwarding = route.decision?.forwarding {
                step.head = Self.forwardedHead(head, bytes, tier, connection, forwarding, route.identity)
            }
        } catch {
            step.failure = error
            step.errorPage =
                tier.stages.rules.errorPage(
                    route.decision,
                    cause: error.reason.rawValue,
                    status: error.status
                )?.source
        }
        step.note(route, head, bytes)
        step.pool = PoolUse(route)
        return step
    }

    /// - Returns: the endpoint that the request goes to; nil where a rule responds.
    private func walk(
        _ head: borrowing RequestHead,
        _ bytes: ByteBuffer,
        _ tier: DryRunTier,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute,
        _ trace: inout RouteTrace?
    ) throws(Failure) -> Upstream? {
        try tier.stages.route(head, bytes, from: connection, into: &route, trace: &trace)
        guard route.decision?.forwarding != nil else { return nil }
        tier.refreshNames()
        return try endpoint(of: &route, tier)
    }

    /// As for live traffic: where a target has no endpoint, the one that takes over comes next.
    private func endpoint(of route: inout RequestRoute, _ tier: DryRunTier) throws(Failure) -> Upstream {
        do throws(Failure) {
            if let name = try tier.stages.resolve(&route) {
                try tier.stages.resolve(&route, with: tier.resolve(name))
            }
            return try tier.stages.pick(&route)
        } catch {
            // Operators may see more than clients: which source failed, and why.
            let failure = route.pool?.resolution.problem.map { Failure(error.reason, $0.reason) } ?? error
            guard tier.stages.failOver(&route, after: failure) else { throw failure }
            return try endpoint(of: &route, tier)
        }
    }

    private static func forwardedHead(
        _ head: borrowing RequestHead,
        _ bytes: ByteBuffer,
        _ tier: DryRunTier,
        _ connection: ConnectionInfo,
        _ forwarding: ForwardTarget,
        _ client: ClientIdentity?
    ) -> ByteBuffer {
        var text = HeadText()
        HTTP1RequestHeadWriter(
            connection: connection,
            via: tier.stages.rules.viaLine(head.version),
            // A request that brings no id gets a random one; the dry run shows zeros in its place.
            requestID: RequestID.kept(head, bytes) ?? ByteBuffer(repeating: UInt8(ascii: "0"), count: 32),
            kept: tier.stages.settings.keptFields,
            client: client
        ).write(head, from: bytes, edits: forwarding.edits, into: &text)
        var out = ByteBuffer()
        text.move(to: &out)
        return out
    }
}
