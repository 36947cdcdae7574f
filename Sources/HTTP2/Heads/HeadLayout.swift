import Bytes
import HTTP1
import NIOCore

/// Lays the fields of one head out as HTTP/1 has them: the request line or status line, and a line for each field.
///
/// What HTTP/1 could read in another way is refused here, before it becomes text (RFC 9113 §8.2.1, §10.3): control bytes,
/// spaces in a request line, upper case in names, fields of the connection. All further checks are those of `RequestHead`
/// and `ResponseHead`, which parse the text.
///
/// A value type without I/O. Field blocks of a connection do not interleave: a session needs one.
struct HeadLayout {
    enum Kind {
        case request, response, trailers
    }

    private enum Pseudo: Int {
        case method, scheme, authority, path, `protocol`, status
    }

    private(set) var error: HTTP2HeadError?
    /// The status of a response; 0: none.
    private(set) var status = 0
    private(set) var hasContentLength = false

    private var kind: Kind
    private var maxBytes: Int
    private var maxFields: Int
    /// As RFC 9113 §6.5.2 counts.
    private var bytes = 0
    private var fields = 0
    /// Where each is in `pseudoBytes`; nil: it did not come.
    private var pseudo = InlineArray<6, ByteRange?>(repeating: nil)
    private var pseudoBytes = TextStore()
    private var hasHost = false
    private var cookie = TextStore()
    /// The lines, without those that come first or last.
    private var lines = TextStore()

    init(_ kind: Kind, maxBytes: Int, maxFields: Int) {
        self.kind = kind
        self.maxBytes = maxBytes
        self.maxFields = maxFields
    }

    /// Begins another head; memory is used again.
    mutating func begin(_ kind: Kind, maxBytes: Int, maxFields: Int) {
        self.kind = kind
        self.maxBytes = maxBytes
        self.maxFields = maxFields
        error = nil
        status = 0
        hasContentLength = false
        bytes = 0
        fields = 0
        hasHost = false
        for index in pseudo.indices { pseudo[index] = nil }
        pseudoBytes.clear()
        cookie.clear()
        lines.clear()
    }

    var isTrailers: Bool { kind == .trailers }

    /// No other head follows: it is not an interim response.
    var isFinal: Bool { status == 0 || status >= 200 }

    /// So much of a head has come that a response would be wasted: the rest is not worth reading. A few bytes on the wire
    /// can refer to large fields again and again.
    var isBoundless: Bool { bytes > Self.boundlessFactor &* maxBytes }

    private static let boundlessFactor = 4

    /// Takes one field. After an error nothing more is kept.
    mutating func add(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        bytes &+= name.count &+ value.count &+ 32
        guard error == nil else { return }
        fields &+= 1
        guard bytes <= maxBytes, fields <= maxFields else {
            error = .tooLarge
            lines.discard()
            cookie.discard()
            return
        }
        guard !name.isEmpty, Span(_unsafeElements: value).isFieldValue else { return refuse() }
        if name[0] == ASCII.colon {
            addPseudo(name, value)
        } else {
            addField(name, value)
        }
    }

    mutating func refuse() {
        if error == nil { error = .malformed }
    }

    // MARK: Pseudo-fields

    private mutating func addPseudo(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) {
        // After the first other field none may follow.
        guard kind != .trailers, lines.count == 0, cookie.count == 0, let field = Self.pseudo(name),
            (field == .status) == (kind == .response), pseudo[field.rawValue] == nil
        else { return refuse() }
        let isValid =
            switch field {
            case .method, .protocol: !value.isEmpty && value.allSatisfy(Self.isToken)
            case .scheme: value.spells("http") || value.spells("https")
            // Nothing that could end the word in a request line.
            case .authority: value.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }
            // In no form but that with a slash, and that of OPTIONS: another one could name another host.
            case .path:
                (value.first == UInt8(ascii: "/") || value.spells("*"))
                    && value.allSatisfy { $0 > 0x20 && $0 != 0x7F }
            case .status: readStatus(value)
            }
        guard isValid else { return refuse() }
        let start = pseudoBytes.count
        pseudoBytes.append(value)
        pseudo[field.rawValue] = ByteRange(start..<pseudoBytes.count)
    }

    private static func pseudo(_ name: UnsafeBufferPointer<UInt8>) -> Pseudo? {
        switch name.count {
        case 5 where name.spells(":path"): .path
        case 7 where name.spells(":method"): .method
        case 7 where name.spells(":scheme"): .scheme
        case 7 where name.spells(":status"): .status
        case 9 where name.spells(":protocol"): .protocol
        case 10 where name.spells(":authority"): .authority
        default: nil
        }
    }

    private static func isToken(_ byte: UInt8) -> Bool { ASCII.isToken(byte) }

    private mutating func readStatus(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard value.count == 3, value.allSatisfy(ASCII.isDigit) else { return false }
        status = value.reduce(0) { 10 * $0 + Int($1 - ASCII.zero) }
        // 101 has no meaning here (RFC 9113 §8.6).
        return status >= 100 && status <= 599 && status != 101
    }

    // MARK: Fields

    private mutating func addField(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        guard Span(_unsafeElements: name).isLowercaseToken else { return refuse() }
        switch ConnectionField.of(name) {
        case .forbidden, .transferEncoding:
            return refuse()
        case .te where kind != .request || !value.spells("trailers"):
            return refuse()
        case .cookie where kind == .request:
            // The crumbs are one field in HTTP/1 (RFC 9113 §8.2.3).
            if cookie.count > 0 { cookie.append("; ") }
            return cookie.append(value)
        // It has no meaning in a response.
        case .host where kind == .response:
            break
        case .host:
            guard kind == .request, !hasHost else { return refuse() }
            hasHost = true
            // Two names of the host would be two routes (RFC 9113 §8.3.1).
            if let authority = pseudo[Pseudo.authority.rawValue] {
                let isSame = pseudoBytes.span.extracting(authority.indices).equals(
                    Span(_unsafeElements: value)
                )
                if !isSame { refuse() }
                return
            }
        case .contentLength:
            guard kind != .trailers else { return refuse() }
            hasContentLength = true
        case .webSocketKey where has(.protocol):
            // It has no meaning in HTTP/2 (RFC 8441 §5), and one is written.
            return
        case .te, .cookie, .unique, .webSocketKey, .webSocketAccept, .other:
            break
        }
        lines.appendLine(name, value)
    }

    // MARK: The text

    /// Appends the head as HTTP/1 has it.
    ///
    /// - Parameter isLast: the message has no body.
    /// - Returns: why there is none.
    mutating func write(isLast: Bool, into out: inout ByteBuffer) -> HTTP2HeadError? {
        if let error { return error }
        switch kind {
        case .request: writeRequest(isLast: isLast, into: &out)
        case .response: writeResponse(isLast: isLast, into: &out)
        case .trailers:
            let lines = lines.span
            for range in TrailerSection.passing(lines) {
                out.writeBytes(lines.extracting(range.indices).bytes)
            }
        }
        return error
    }

    private func has(_ field: Pseudo) -> Bool { pseudo[field.rawValue] != nil }

    private func write(_ field: Pseudo, into out: inout ByteBuffer) {
        guard let range = pseudo[field.rawValue] else { return }
        out.writeBytes(pseudoBytes.span.extracting(range.indices).bytes)
    }

    private mutating func writeRequest(isLast: Bool, into out: inout ByteBuffer) {
        guard let method = pseudo[Pseudo.method.rawValue], has(.path), has(.scheme) else { return refuse() }
        let isConnect = pseudoBytes.span.extracting(method.indices).equals(Self.connect.span)
        let upgrades = has(.protocol)
        // Only the extended form of CONNECT has a path (RFC 8441 §4). The other one would make a proxy of Berth.
        // The bytes of another protocol follow it: they are not content and have no length.
        guard isConnect == upgrades, !upgrades || !isLast && !hasContentLength else { return refuse() }
        if isConnect { out.writeStaticString("GET") } else { write(.method, into: &out) }
        out.writeStaticString(" ")
        write(.path, into: &out)
        out.writeStaticString(" HTTP/1.1\r\n")
        if let authority = pseudo[Pseudo.authority.rawValue], !authority.isEmpty {
            out.writeStaticString("host: ")
            write(.authority, into: &out)
            out.writeStaticString("\r\n")
        }
        out.writeBytes(lines.span.bytes)
        if cookie.count > 0 {
            out.writeStaticString("cookie: ")
            out.writeBytes(cookie.span.bytes)
            out.writeStaticString("\r\n")
        }
        if upgrades {
            // The key is that of RFC 6455, which has no use in HTTP/2.
            out.writeStaticString("connection: upgrade\r\nupgrade: ")
            write(.protocol, into: &out)
            out.writeStaticString("\r\nsec-websocket-key: ")
            out.writeStaticString(Self.webSocketKey)
            out.writeStaticString("\r\n")
        } else if !isLast, !hasContentLength {
            out.writeStaticString("transfer-encoding: chunked\r\n")
        }
        out.writeStaticString("\r\n")
    }

    private static let connect = Array("CONNECT".utf8)

    /// 16 bytes in base64 (RFC 6455 §4.1). It need not be secret: it keeps old caches from answering.
    private static let webSocketKey: StaticString = "YmVydGgtb3Zlci1IVFRQMg=="

    private mutating func writeResponse(isLast: Bool, into out: inout ByteBuffer) {
        guard status > 0 else { return refuse() }
        out.writeStaticString("HTTP/1.1 ")
        write(.status, into: &out)
        out.writeStaticString(" \r\n")
        out.writeBytes(lines.span.bytes)
        if isLast, !hasContentLength, status >= 200, status != 204, status != 304 {
            out.writeStaticString("content-length: 0\r\n")
        }
        out.writeStaticString("\r\n")
    }
}

/// Fields with a meaning for the conversion between HTTP/1 and HTTP/2.
enum ConnectionField {
    /// Of an HTTP/1 connection: no field of a message in HTTP/2 (RFC 9113 §8.2.2).
    case forbidden
    case transferEncoding
    case te, cookie, host, contentLength
    /// Its value is another one in each message. In the peer's table it would take the place of those that come again, and
    /// each would be compared with all before it.
    case unique
    case webSocketKey, webSocketAccept
    case other

    /// - Parameter name: in lower case.
    static func of(_ name: UnsafeBufferPointer<UInt8>) -> ConnectionField {
        switch name.count {
        case 2 where name.spells("te"): .te
        case 4 where name.spells("host"): .host
        case 6 where name.spells("cookie"): .cookie
        case 7 where name.spells("upgrade"): .forbidden
        case 10 where name.spells("connection"): .forbidden
        case 10 where name.spells("keep-alive"): .forbidden
        case 11 where name.spells("traceparent"): .unique
        case 12 where name.spells("x-request-id"): .unique
        case 14 where name.spells("content-length"): .contentLength
        case 16 where name.spells("proxy-connection"): .forbidden
        case 17 where name.spells("transfer-encoding"): .transferEncoding
        case 17 where name.spells("sec-websocket-key"): .webSocketKey
        case 20 where name.spells("sec-websocket-accept"): .webSocketAccept
        default: .other
        }
    }
}
