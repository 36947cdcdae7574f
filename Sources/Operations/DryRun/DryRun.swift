import Dispatch
import HTTP1
package import Names
package import NIOCore
import Proxy
import ProxyCore
package import Routing
import NIOConcurrencyHelpers
import Settings

/// Follows a request through the tiers without any traffic, by the very code that
/// serves live requests: the head is parsed, decided and rewritten as bytes, and what
/// one tier would send is what the next one reads.
package struct DryRun {
    /// One tier on the way.
    package struct Stage {
        let stages: RequestStages
        /// The tier's rule files, for people.
        package let files: [String]
        private let names: NameDirectory

        /// - Parameters:
        ///   - sources: makes the tier's name sources, which run until the process ends.
        ///   - offline: ask nobody: what is not in a file is not known.
        package init(
            _ plan: TierPlan,
            files: [String],
            sources: NameSources = .shared,
            offline: Bool = false
        ) throws(NameSourceError) {
            self.names = try NameDirectory(try sources.make(plan.names), on: sources.group.next())
            if !offline { names.start() }
            // Where the tier would listen is not known here, so that one check is left out.
            self.stages = RequestStages(
                settings: plan.settings,
                table: plan.table,
                names: .empty,
                addressGuard: AddressGuard(listening: [], ownAddresses: []),
                canWait: !offline,
                upstreams: nil,
                seed: 0
            )
            self.files = files
        }

        /// What the name sources know now.
        func refreshNames() {
            stages.install(names: NameTableUpdate(table: names.table, changed: nil))
        }

        /// What the name sources find out; waits for them as long as a request would.
        func wait(for name: String) -> NameLookup {
            let known = DispatchSemaphore(value: 0)
            let box = AnswerBox()
            names.resolve(name) { lookup in
                box.lookup.withLockedValue { $0 = lookup }
                known.signal()
            }
            let limit = stages.settings.timeouts.resolve.nanoseconds
            _ = known.wait(timeout: .now() + .nanoseconds(Int(limit)))
            return box.lookup.withLockedValue { $0 }
                ?? .failed(NameProblem(.timeout, "no name source answered in time"))
        }

        package var name: String { stages.settings.name }
        package var table: RouteTable { stages.rules.table }
    }

    private final class AnswerBox: Sendable {
        let lookup = NIOLockedValueBox<NameLookup?>(nil)
    }

    /// What the request says.
    package struct Request {
        /// `http://host[:port]/path?query`, as bytes: hostile input is the point.
        package var url: [UInt8]
        package var method = "GET"
        package var headers: [(name: String, value: String)] = []
        /// Who sends it.
        package var client: IPAddress

        package init(url: [UInt8], client: IPAddress) {
            self.url = url
            self.client = client
        }
    }

    private let stages: [Stage]
    /// The address a tier sees the tier in front of it come from.
    private let frontAddress: IPAddress
    private let explain: Bool

    /// - Parameters:
    ///   - stages: front first.
    ///   - frontAddress: by default the first network that the last tier trusts, else
    ///     loopback: tiers that are set up to work together are taken to do so.
    ///   - explain: keep what every rule said.
    package init(_ stages: [Stage], frontAddress: IPAddress?, explain: Bool) {
        self.stages = stages
        self.frontAddress =
            frontAddress ?? stages.last?.stages.settings.trustedProxies.first?.firstHost
            ?? IPAddress(v4: 0x7F00_0001)
        self.explain = explain
    }

    /// - Parameter observe: told of each tier's step, by the tier's place on the way.
    package func run(_ request: Request, observe: (Int, DryRunStep) -> Void = { _, _ in }) -> DryRunReport {
        var report = DryRunReport(url: String(decoding: request.url, as: UTF8.self))
        guard let bytes = Self.head(request) else {
            if let first = stages.first {
                var tier = DryRunReport.Tier(first.name, files: first.files)
                tier.fail(Failure(.malformedRequest, "the request has a line break where none can be"))
                report.append(tier)
            }
            return report
        }
        var sent = bytes
        follow(bytes, from: request.client, port: RequestURL(request.url).port ?? 80, writesLastHead: true) {
            place,
            step in
            observe(place, step)
            report.append(DryRunReport.Tier(stages[place], step, from: sent))
            if let head = step.head { sent = head }
            if step.isForwarded, place == stages.count - 1 { report.received = ReceivedRequest(sent) }
        }
        return report
    }

    /// The request as bytes; nil where a part of it would end a line and begin another.
    package static func head(_ request: Request) -> ByteBuffer? {
        let url = RequestURL(request.url)
        var bytes = ByteBuffer()
        bytes.writeString(request.method)
        bytes.writeStaticString(" ")
        bytes.writeBytes(url.target)
        bytes.writeStaticString(" HTTP/1.1\r\nHost: ")
        bytes.writeBytes(url.authority)
        bytes.writeStaticString("\r\n")
        for header in request.headers { bytes.writeString("\(header.name): \(header.value)\r\n") }
        bytes.writeStaticString("\r\n")
        let breaks = bytes.readableBytesView.count { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
        return breaks == 2 * (3 + request.headers.count) ? bytes : nil
    }

    /// Follows a request's head through the tiers, up to the one where its way ends.
    ///
    /// - Parameters:
    ///   - head: a whole head, as a connection would bring it.
    ///   - port: the port it came in at.
    ///   - writesLastHead: whether the last tier writes the head that it would send.
    ///   - visit: told of each tier's step, by the tier's place on the way.
    package func follow(
        _ head: ByteBuffer,
        from client: IPAddress,
        port: UInt16 = 80,
        writesLastHead: Bool,
        visit: (Int, DryRunStep) -> Void
    ) {
        var bytes = head
        var peer = client
        var port = port
        for (place, stage) in stages.enumerated() {
            let step = step(
                bytes,
                through: stage,
                edge: ConnectionInfo(
                    peer: peer,
                    localPort: port,
                    trustedProxies: stage.stages.settings.trustedProxies
                ),
                writesHead: writesLastHead || place < stages.count - 1
            )
            visit(place, step)
            guard let forwarded = step.head, let endpoint = step.endpoint else { return }
            bytes = forwarded
            peer = frontAddress
            port = endpoint.port
        }
    }

    private func step(
        _ bytes: ByteBuffer,
        through stage: Stage,
        edge: ConnectionInfo,
        writesHead: Bool
    ) -> DryRunStep {
        var step = DryRunStep()
        var head = RequestHead()
        var scanned = 0
        do {
            let complete = try head.parse(
                bytes.readableBytesUInt8Span,
                scanned: &scanned,
                limits: stage.stages.settings.limits.head(trusted: edge.trusted)
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
        do throws(Failure) {
            let upstream = try walk(head, bytes, stage, edge, &route, &step)
            if let upstream, let forwarding = route.decision?.forwarding {
                step.endpoint = upstream.endpoint
                if writesHead { step.head = Self.sent(head, bytes, stage, edge, forwarding) }
            }
        } catch {
            step.failure = error
        }
        step.reached = route.stage
        if let host = route.host {
            step.host = host
            step.target = bytes.getBytes(
                at: bytes.readerIndex + head.originForm.lowerBound,
                length: head.originForm.count
            )
        }
        step.client = route.client
        step.decision = route.decision?.decision
        step.resolution = route.pool?.resolution
        return step
    }

    /// - Returns: the endpoint that the request goes to; nil where a rule responds.
    private func walk(
        _ head: borrowing RequestHead,
        _ bytes: ByteBuffer,
        _ stage: Stage,
        _ edge: ConnectionInfo,
        _ route: inout RequestRoute,
        _ step: inout DryRunStep
    ) throws(Failure) -> Upstream? {
        step.trace = explain ? RouteTrace() : nil
        try stage.stages.route(head, bytes, from: edge, into: &route, trace: &step.trace)
        guard route.decision?.forwarding != nil else { return nil }
        stage.refreshNames()
        do throws(Failure) {
            if let name = try stage.stages.resolve(&route) {
                try stage.stages.resolve(&route, with: stage.wait(for: name))
            }
            return try stage.stages.pick(&route)
        } catch {
            // Operators may see more than clients: which source failed, and why.
            throw route.pool?.resolution.problem.map { Failure(error.reason, $0.reason) } ?? error
        }
    }

    private static func sent(
        _ head: borrowing RequestHead,
        _ bytes: ByteBuffer,
        _ stage: Stage,
        _ edge: ConnectionInfo,
        _ forwarding: ForwardTarget
    ) -> ByteBuffer {
        var out = ByteBuffer()
        HTTP1RequestHeadWriter(
            connection: edge,
            via: stage.stages.rules.viaLine(head.version),
            requestID: requestID(head, bytes)
        ).write(head, from: bytes, edits: forwarding.edits, into: &out)
        return out
    }

    /// A request that brings no id gets a random one; the dry run shows zeros in its place.
    private static func requestID(_ head: RequestHead, _ bytes: ByteBuffer) -> ByteBuffer {
        RequestID.kept(head, bytes) ?? ByteBuffer(repeating: UInt8(ascii: "0"), count: 32)
    }
}

extension CIDR {
    /// The network's first address that a machine would have.
    fileprivate var firstHost: IPAddress {
        var bytes = network.networkBytes
        if prefixLength < bytes.count * 8 - 1 { bytes[bytes.count - 1] |= 1 }
        return IPAddress(networkBytes: bytes) ?? network
    }
}
