import Bytes
import HTTP1
import NIOCore
import Proxy
import ProxyCore

/// What goes downstream of an answer means what came from upstream, for a client of either version.
enum AnswerCheck {
    /// Interim answers that are looked at before the final one.
    private static let interim = 8

    static func run(
        _ bytes: [UInt8],
        to method: MethodKind,
        downstream: HTTPVersion
    ) throws(Contradiction) {
        var rest = bytes
        for _ in 0..<interim {
            guard case .head(let meaning) = ResponseHeadCheck.read(rest, to: method) else { return }
            let isInterim = meaning.status < 200 && meaning.status != 101
            for keepAlive in isInterim ? [true] : [true, false] {
                try pass(rest, meaning, to: method, downstream: downstream, keepAlive: keepAlive)
            }
            rest = Array(rest[meaning.length...])
            guard isInterim else { return try passBody(rest, meaning.framing) }
        }
    }

    private static func pass(
        _ bytes: [UInt8],
        _ came: ResponseMeaning,
        to method: MethodKind,
        downstream: HTTPVersion,
        keepAlive: Bool
    ) throws(Contradiction) {
        let coding = BodyCoding(framing: came.framing, downstream: downstream)
        let endsByClose = coding == .dechunk || coding == .passthrough && came.framing == .untilClose
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        let forwarding = HTTP1ResponseHeadWriter(
            coding: coding,
            framing: came.framing,
            keepAlive: keepAlive && !endsByClose,
            downstream: downstream,
            date: Array("Date: \(date)\r\n".utf8)
        )
        let source = ByteBuffer(bytes: bytes)
        var head = ResponseHead()
        var scanned = 0
        var out = ByteBuffer()
        let parsed = try? head.parse(
            source.readableBytesUInt8Span,
            scanned: &scanned,
            limits: .default,
            requestMethod: method
        )
        guard parsed == true else { throw Contradiction("a head is not understood a second time", bytes) }
        var text = HeadText()
        forwarding.write(head, from: source, into: &text)
        text.move(to: &out)
        let sent = Array(out.readableBytesView)

        guard case .head(let went) = ResponseHeadCheck.read(sent, to: method, limits: roomy) else {
            throw Contradiction("what goes back is not understood", sent)
        }
        try claim(went.length == sent.count, "what goes back is more than a head", sent)
        guard let plain = PlainHead(sent) else {
            throw Contradiction("a plain reader refuses what goes back", sent)
        }
        try ResponseHeadCheck.compare(went, to: method, plain, sent)
        try claim(went.status == came.status && went.reason == came.reason, "another status goes back", sent)
        try compareFields(came, went, plain, date: date, sent)
        if came.status < 200 { return }
        try claim(went.framing == framing(came.framing, coding), "another framing goes back", sent)
        // HTTP/1.0 goes on only where the answer says so, and never finds a coding.
        let options = plain.values("connection").filter { $0 != Array("upgrade".utf8) }
        let goesOn = keepAlive && !endsByClose
        switch downstream {
        case .http2: break
        case .http11: try claim(went.keepAlive == goesOn, "the connection's end is not as said", sent)
        case .http10:
            try claim(options == [Array((goesOn ? "keep-alive" : "close").utf8)], "no clear end", sent)
            try claim(plain.body != .chunked, "chunks go to HTTP/1.0", sent)
        }
    }

    /// The date and the fields of one hop are all that Berth adds.
    private static let roomy = HeadLimits(headBytes: 64 * 1024, fields: 200)

    private static func compareFields(
        _ came: ResponseMeaning,
        _ went: ResponseMeaning,
        _ plain: PlainHead,
        date: String,
        _ sent: [UInt8]
    ) throws(Contradiction) {
        var kept = came.fields.filter { !$0.hopByHop && !isCommand($0) }.map(\.line)
        if came.status >= 200, !kept.contains(where: { $0.name == Array("date".utf8) }) {
            kept.append(PlainHead.Line(name: Array("date".utf8), value: Array(date.utf8)))
        }
        try claim(went.fields.filter { !$0.hopByHop }.map(\.line) == kept, "other fields go back", sent)
        for field in went.fields where field.hopByHop {
            switch field.id {
            case .connection, .transferEncoding: continue
            case .upgrade: if came.status == 101 || came.status == 426 { continue }
            default: break
            }
            throw Contradiction("a field of one hop goes back", sent)
        }
    }

    /// Whether the field commands a proxy, or states what one did.
    private static func isCommand(_ field: FieldMeaning) -> Bool {
        if field.id == .proxyStatus { return true }
        guard field.id == .other, let claimed = ClaimedField.of(field.name.span) else { return false }
        switch claimed {
        case .directive, .signal: return true
        case .claim, .identity: return false
        }
    }

    private static func framing(_ framing: BodyFraming, _ coding: BodyCoding) -> BodyFraming {
        switch coding {
        case .passthrough: framing
        case .chunk: .chunked
        case .dechunk: .untilClose
        }
    }

    private static func passBody(_ body: [UInt8], _ framing: BodyFraming) throws(Contradiction) {
        let came = try DecodedBody(body, framing)
        let went = try DecodedBody(came.passed, framing)
        try claim(went.passed == came.passed && went.content == came.content, "another body goes back", body)
    }
}
