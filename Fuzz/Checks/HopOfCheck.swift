import Bytes
import HTTP1
import Names
import NIOCore
import Proxy
import ProxyCore
import Routing

/// One tier between two readers.
struct HopOfCheck {
    /// Between a client that is not trusted and the next tier.
    static let front = HopOfCheck(name: "front", trusted: false, edits: false)
    /// Behind a tier that is trusted.
    static let local = HopOfCheck(name: "local", trusted: true, edits: false)
    /// With a rule that sets and removes fields.
    static let editing = HopOfCheck(name: "edit", trusted: true, edits: true)

    private static let set = "X-Set"
    private static let removed = ["cookie", "x-gone", "x-forwarded-host"]
    /// What a tier says itself, in place of or beside what came.
    private static let own: Set<FieldID> = [
        .host, .contentLength, .transferEncoding, .connection, .upgrade, .xRequestID, .xForwardedFor,
        .xForwardedProto, .xForwardedHost, .xForwardedPort, .xRealIP, .forwarded, .via, .expect,
    ]

    let settings: TierSettings
    let edge: ConnectionInfo
    let edits: Bool
    private let table: RouteTable?

    private init(name: String, trusted: Bool, edits: Bool) {
        let peer = IPAddress(v4: 0xC000_0201)
        settings = TierSettings(name: name, instance: "check")
        edge = ConnectionInfo(
            peer: peer,
            localPort: 80,
            trustedProxies: trusted ? [CIDR("192.0.2.1/32")].compactMap(\.self) : []
        )
        self.edits = edits
        var rule = RuleDefinition(name: "all", action: .forward(to: "origin"))
        if edits {
            rule.setHeaders = [HeaderSetting(name: Self.set, value: "${request_host}")]
            rule.removeHeaders = Self.removed
        }
        table = try? RouteTable([rule])
    }

    /// - Returns: what goes on, head and body, and what its head means; nil if the tier refuses the request.
    func pass(
        _ request: [UInt8],
        _ meaning: RequestMeaning
    ) throws(Contradiction) -> (bytes: [UInt8], meaning: RequestMeaning)? {
        guard let sent = try write(request) else { return nil }
        guard case .head(let next) = RequestHeadCheck.read(sent, limits: Self.roomy) else {
            throw Contradiction("what goes on is not understood", sent)
        }
        try claim(next.length == sent.count, "what goes on is more than a head", sent)
        guard let plain = PlainHead(sent) else {
            throw Contradiction("a plain reader refuses what goes on", sent)
        }
        try RequestHeadCheck.compare(next, plain, sent)
        try compare(meaning, next, sent)
        try compareOwn(meaning, plain, sent)
        return (sent + (try passBody(Array(request[meaning.length...]), meaning.framing)), next)
    }

    /// A tier adds a few fields: what was just within the limits of one is not within those of the next.
    private static let roomy = HeadLimits(headBytes: 64 * 1024, fields: 200, targetBytes: 16 * 1024)

    private func write(_ request: [UInt8]) throws(Contradiction) -> [UInt8]? {
        guard let table else { throw Contradiction("the check's own rule is wrong", []) }
        let stages = RequestStages(
            settings: settings,
            table: table,
            names: .empty,
            addressGuard: AddressGuard(listening: [], ownAddresses: []),
            canWait: false,
            upstreams: nil,
            seed: 0
        )
        let source = ByteBuffer(bytes: request)
        var head = RequestHead()
        var scanned = 0
        do {
            guard try head.parse(source.readableBytesUInt8Span, scanned: &scanned, limits: Self.roomy) else {
                throw Contradiction("a head is not understood a second time", request)
            }
            var route = RequestRoute()
            var untraced: RouteTrace?
            try stages.route(head, source, from: edge, into: &route, trace: &untraced)
            guard let forwarding = route.decision?.forwarding else { return nil }
            var text = HeadText()
            HTTP1RequestHeadWriter(
                connection: edge,
                via: stages.rules.viaLine(head.version),
                requestID: RequestID.kept(head, source) ?? ByteBuffer(string: "made")
            ).write(head, from: source, edits: forwarding.edits, into: &text)
            var out = ByteBuffer()
            text.move(to: &out)
            return Array(out.readableBytesView)
        } catch let contradiction as Contradiction {
            throw contradiction
        } catch {
            return nil
        }
    }

    private func compare(
        _ came: RequestMeaning,
        _ went: RequestMeaning,
        _ sent: [UInt8]
    ) throws(Contradiction) {
        try claim(went.method == came.method && went.kind == came.kind, "another method goes on", sent)
        try claim(went.target == came.target, "another target goes on", sent)
        try claim(went.host == came.host, "another host goes on", sent)
        try claim(went.version == .http11, "another version goes on", sent)
        try claim(went.framing == came.framing, "another framing goes on", sent)
        try claim(went.keepAlive, "the connection is to close", sent)
        try claim(went.wantsUpgrade == came.wantsUpgrade, "an upgrade comes or goes", sent)
        try claim(!went.upgradeIsH2C, "an upgrade to h2c goes on", sent)
        try claim(
            went.maxForwards == came.maxForwards.map { $0 - 1 },
            "another number of proxies may forward it",
            sent
        )
        try claim(went.expectsContinue == came.expectsContinue, "an expectation comes or goes", sent)
        let kept = came.fields.filter { !$0.hopByHop && !isOwn($0) && !isMistakable($0) && !isClaim($0) }
        try claim(went.fields.filter { !isOwn($0) } == kept, "other fields go on", sent)
        for field in went.fields where field.hopByHop {
            switch field.id {
            case .transferEncoding, .maxForwards: continue
            case .connection, .upgrade: if came.wantsUpgrade { continue }
            default: break
            }
            throw Contradiction("a field of one hop goes on", sent)
        }
    }

    private func isOwn(_ field: FieldMeaning) -> Bool {
        if Self.own.contains(field.id) { return true }
        if field.id == .maxForwards, field.hopByHop { return true }
        let name = PlainHead.lower(field.name)
        return edits
            && (name == PlainHead.lower(Self.set.utf8) || Self.removed.contains { name == Array($0.utf8) })
    }

    /// Whether a reader that takes every mark in a name for a hyphen would find a field that tiers write.
    private func isMistakable(_ field: FieldMeaning) -> Bool {
        let name = PlainHead.lower(field.name)
        let hyphens = name.map { Self.isPlain($0) ? $0 : 0x2D }
        guard hyphens != name else { return false }
        let edited = edits ? Self.removed + [Self.set.lowercased()] : []
        return (Self.guarded + edited).contains { Array($0.utf8) == hyphens }
    }

    /// Whether the field is one that only a trusted proxy may write.
    private func isClaim(_ field: FieldMeaning) -> Bool {
        guard field.id == .other, ClaimedField.of(field.name.span) != nil else { return false }
        return !edge.trusted || ClaimedField.isDisguised(field.name.span)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x61...0x7A: true
        default: false
        }
    }

    private static let guarded = [
        "content-length", "transfer-encoding", "max-forwards", "keep-alive", "proxy-connection",
        "http2-settings", "proxy-authenticate", "proxy-authorization", "proxy-status", "x-forwarded-for",
        "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-request-id",
    ]

    /// What the tier itself says is said once, and is not what an untrusted client would like it to say.
    private func compareOwn(_ came: RequestMeaning, _ plain: PlainHead, _ sent: [UInt8]) throws(Contradiction)
    {
        let address = Array("192.0.2.1".utf8)
        let path = plain.values("x-forwarded-for")
        try claim(path.count == 1, "not one X-Forwarded-For", sent)
        try claim(
            path.allSatisfy { edge.trusted ? $0.suffix(address.count) == address[...] : $0 == address },
            "the client's address is forged",
            sent
        )
        try claim(plain.values("x-request-id").count == 1, "not one X-Request-ID", sent)
        let vias = came.fields.filter { $0.id == .via && !$0.hopByHop }.map(\.value)
        let via = (came.version == .http10 ? "1.0 " : "1.1 ") + "\(settings.signature)-\(settings.instance)"
        try claim(plain.values("via") == vias + [Array(via.utf8)], "another Via", sent)
        if !edge.trusted {
            for (name, value) in [
                ("proto", Array("http".utf8)), ("port", Self.port(of: came.host)), ("host", came.host),
            ] {
                try claim(plain.values("x-forwarded-" + name) == [value], "X-Forwarded-* is forged", sent)
            }
            try claim(plain.values("forwarded") + plain.values("x-real-ip") == [], "a claim goes on", sent)
        }
        if edits {
            try claim(plain.values(Self.set.lowercased()).count == 1, "a field is not set once", sent)
            for name in Self.removed {
                try claim(plain.values(name).isEmpty, "a field is not removed", sent)
            }
        }
    }

    /// The port that the host names, else 80.
    private static func port(of host: [UInt8]) -> [UInt8] {
        guard let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]"),
            let port = UInt16(String(decoding: host[(colon + 1)...], as: UTF8.self)), port > 0
        else { return Array("80".utf8) }
        return Array(String(port).utf8)
    }

    /// What goes on of the body; it is what came, read again.
    private func passBody(_ body: [UInt8], _ framing: BodyFraming) throws(Contradiction) -> [UInt8] {
        let came = try DecodedBody(body, framing)
        let went = try DecodedBody(came.passed, framing)
        try claim(went.passed == came.passed && went.content == came.content, "another body goes on", body)
        if case .complete = came.end {
            try claim(went.end == .complete(came.passed.count), "the body that goes on has another end", body)
        } else {
            try claim(went.end == .needsMore, "half a body goes on as a whole one", body)
        }
        return came.passed
    }
}
