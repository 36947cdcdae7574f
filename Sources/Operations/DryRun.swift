import Dispatch
import HTTP1
public import Names
import NIOCore
import Proxy
public import Routing
import Synchronization

/// Follows a request through the tiers without any traffic, by the very code that
/// serves live requests: the head is parsed, decided and rewritten as bytes, and what
/// one tier would send is what the next one reads.
public struct DryRun {
    /// One tier on the way.
    public struct Stage {
        let router: RequestRouter
        /// The tier's rule files, for people.
        public let files: [String]
        private let names: NameDirectory
        private let offline: Bool

        /// - Parameters:
        ///   - sources: makes the tier's name sources, which run until the process ends.
        ///   - offline: ask nobody: what is not in a file is not known.
        public init(
            _ plan: TierPlan,
            files: [String],
            sources: NameSources = .shared,
            offline: Bool = false
        ) throws(NameSourceError) {
            self.names = try NameDirectory(try sources.make(plan.names), on: sources.group.next())
            self.offline = offline
            if !offline { names.start() }
            // Where the tier would listen is not known here, so that one check is left out.
            let addressGuard = AddressGuard(listening: [], ownAddresses: [])
            self.router = RequestRouter(
                settings: plan.settings,
                table: plan.table,
                resolver: TargetResolver(names: .empty, addressGuard: addressGuard)
            )
            self.files = files
        }

        /// What the name sources say; waits for them as long as a request would.
        func lookUp(_ target: Target) throws(Failure) -> NameLookup {
            guard target.literal == nil else { return .unknown }
            let lookup = names.table.lookUp(target.name)
            guard case .ask = lookup else { return lookup }
            if offline { throw Failure(.nameError, "the name sources were not asked") }
            let known = DispatchSemaphore(value: 0)
            let box = AnswerBox()
            names.ask(target.name) { lookup in
                box.lookup.withLock { $0 = lookup }
                known.signal()
            }
            let limit = router.settings.timeouts.resolve.nanoseconds
            _ = known.wait(timeout: .now() + .nanoseconds(Int(limit)))
            return box.lookup.withLock { $0 }
                ?? .failed(NameProblem(.timeout, "no name source answered in time"))
        }
    }

    private final class AnswerBox: Sendable {
        let lookup = Mutex<NameLookup?>(nil)
    }

    /// What the request says.
    public struct Request {
        /// `http://host[:port]/path?query`, as bytes: hostile input is the point.
        public var url: [UInt8]
        public var method = "GET"
        public var headers: [(name: String, value: String)] = []
        /// Who sends it.
        public var client: IPAddress

        public init(url: [UInt8], client: IPAddress) {
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
    public init(_ stages: [Stage], frontAddress: IPAddress?, explain: Bool) {
        self.stages = stages
        self.frontAddress =
            frontAddress ?? stages.last?.router.settings.trustedDownstreams.first?.firstHost
            ?? IPAddress(v4: 0x7F00_0001)
        self.explain = explain
    }

    public func run(_ request: Request) -> DryRunReport {
        var report = DryRunReport(url: String(decoding: request.url, as: UTF8.self))
        guard let bytes = Self.head(request) else {
            if let first = stages.first {
                var tier = DryRunReport.Tier(first.router.settings.name, files: first.files)
                tier.fail(Failure(.malformedRequest, "the request has a line break where none can be"))
                report.append(tier)
            }
            return report
        }
        return follow(bytes, from: request.client, port: RequestURL(request.url).port ?? 80, report)
    }

    /// The request as bytes; nil where a part of it would end a line and begin another.
    private static func head(_ request: Request) -> ByteBuffer? {
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

    private func follow(
        _ head: ByteBuffer,
        from client: IPAddress,
        port: UInt16,
        _ report: DryRunReport
    ) -> DryRunReport {
        var report = report
        var bytes = head
        var peer = client
        var port = port
        for stage in stages {
            let step = follow(bytes, through: stage, peer: peer, port: port)
            report.append(step.tier)
            guard let forwarded = step.forwarded, let endpoint = step.endpoint else { return report }
            bytes = forwarded
            peer = frontAddress
            port = endpoint.port
        }
        report.received = ReceivedRequest(bytes)
        return report
    }

    private struct Step {
        var tier: DryRunReport.Tier
        var forwarded: ByteBuffer?
        var endpoint: Endpoint?
    }

    private func follow(_ bytes: ByteBuffer, through stage: Stage, peer: IPAddress, port: UInt16) -> Step {
        let router = stage.router
        var tier = DryRunReport.Tier(router.settings.name, files: stage.files)
        let edge = Edge(
            peer: peer,
            localPort: port,
            trustedDownstreams: router.settings.trustedDownstreams
        )
        var head = RequestHead()
        var scanned = 0
        do {
            let complete = try head.parse(
                bytes.readableBytesUInt8Span,
                scanned: &scanned,
                limits: router.settings.limits.head(trusted: edge.trusted)
            )
            guard complete else {
                tier.fail(Failure(.malformedRequest))
                return Step(tier: tier)
            }
        } catch {
            tier.fail(Failure(error))
            return Step(tier: tier)
        }
        do throws(Failure) {
            return try decide(head, bytes, stage, &tier, edge)
        } catch {
            tier.fail(error)
            return Step(tier: tier)
        }
    }

    private func decide(
        _ head: RequestHead,
        _ bytes: ByteBuffer,
        _ stage: Stage,
        _ tier: inout DryRunReport.Tier,
        _ edge: Edge
    ) throws(Failure) -> Step {
        let router = stage.router
        try router.admit(head, bytes)
        let host = try router.host(head, bytes)
        let client = router.client(head, bytes, edge)
        tier.client = client.description
        var trace: RouteTrace? = explain ? RouteTrace() : nil
        let decision = router.decide(host: host, head, bytes, client: client, trace: &trace)
        tier.note(decision, table: router.table, trace: trace)
        switch decision.outcome {
        case .refuse(let refusal):
            throw Failure(refusal)
        case .redirect(let status, let location):
            tier.answer(status: status, location: String(decoding: location, as: UTF8.self))
            return Step(tier: tier)
        case .respond(let status, _, _):
            tier.answer(status: status, location: nil)
            return Step(tier: tier)
        case .forward(let forward):
            try router.admitBody(head.framing, forward)
            tier.note(forward)
            let lookup = try stage.lookUp(forward.target)
            let resolution = router.resolver.resolve(forward.target, lookup, allow: forward.allow)
            tier.note(resolution)
            // Operators may see more than clients: who could not be asked, and why.
            if let problem = resolution.problem, let failure = resolution.failure {
                throw Failure(failure.reason, problem.reason)
            }
            if let failure = resolution.failure { throw failure }
            let forwarded = router.forwardedHead(
                head,
                bytes,
                forward: forward,
                edge: edge,
                requestID: Self.requestID(head, bytes)
            )
            tier.noteChanges(from: bytes, to: forwarded)
            return Step(tier: tier, forwarded: forwarded, endpoint: resolution.endpoints.first)
        }
    }

    /// A request that brings no id gets a random one; the dry run shows zeros in its place.
    private static func requestID(_ head: RequestHead, _ bytes: ByteBuffer) -> ByteBuffer {
        RequestRouter.keptRequestID(head, bytes) ?? ByteBuffer(repeating: UInt8(ascii: "0"), count: 32)
    }
}

/// The parts of a URL that a request carries; nothing is decoded, nothing is mended.
struct RequestURL {
    let authority: [UInt8]
    let target: [UInt8]
    let port: UInt16?

    init(_ url: [UInt8]) {
        var rest = url[...]
        let scheme = Array("http://".utf8)
        if rest.count >= scheme.count,
            zip(rest, scheme).allSatisfy({ $0 == $1 || ($0 | 0x20) == $1 })
        {
            rest = rest.dropFirst(scheme.count)
        }
        let authority = rest.prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        // A fragment is the browser's own business and never sent (RFC 9110 §4.2.5).
        let path = rest.dropFirst(authority.count).prefix { $0 != UInt8(ascii: "#") }
        self.authority = Array(authority)
        self.target = path.first == UInt8(ascii: "/") ? Array(path) : [UInt8(ascii: "/")] + path
        if let colon = authority.lastIndex(of: UInt8(ascii: ":")) {
            port = UInt16(String(decoding: authority[(colon + 1)...], as: UTF8.self))
        } else {
            port = nil
        }
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
