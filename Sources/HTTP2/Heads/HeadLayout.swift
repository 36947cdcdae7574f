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

    private enum Pseudo: Int, CaseIterable {
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
    private var pseudo = [Range<Int>?](repeating: nil, count: Pseudo.allCases.count)
    private var pseudoBytes: [UInt8] = []
    private var hasHost = false
    private var cookie: [UInt8] = []
    /// The lines, without those that come first or last.
    private var lines: [UInt8] = []

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
        pseudoBytes.removeAll(keepingCapacity: pseudoBytes.capacity <= Self.keptBytes)
        cookie.removeAll(keepingCapacity: cookie.capacity <= Self.keptBytes)
        lines.removeAll(keepingCapacity: lines.capacity <= Self.keptBytes)
    }

    private static let keptBytes = 16 << 10

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
            lines = []
            cookie = []
            return
        }
        guard !name.isEmpty, value.allSatisfy(Self.isValueByte),
            value.first.map(Self.isBlank) != true, value.last.map(Self.isBlank) != true
        else { return refuse() }
        if name[0] == ASCII.colon {
            addPseudo(name, value)
        } else {
            addField(name, value)
        }
    }

    mutating func refuse() {
        if error == nil { error = .malformed }
    }

    private static func isValueByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    // MARK: Pseudo-fields

    private mutating func addPseudo(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) {
        // After the first other field none may follow.
        guard kind != .trailers, lines.isEmpty, cookie.isEmpty, let field = Self.pseudo(name),
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
        pseudoBytes.append(contentsOf: value)
        pseudo[field.rawValue] = start..<pseudoBytes.count
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
        guard name.allSatisfy({ Self.isToken($0) && !($0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z")) })
        else { return refuse() }
        switch ConnectionField.of(name) {
        case .forbidden:
            return refuse()
        case .te where kind != .request || !value.spells("trailers"):
            return refuse()
        case .cookie where kind == .request:
            // The crumbs are one field in HTTP/1 (RFC 9113 §8.2.3).
            if !cookie.isEmpty { cookie.append(contentsOf: "; ".utf8) }
            return cookie.append(contentsOf: value)
        // It has no meaning in a response.
        case .host where kind == .response:
            break
        case .host:
            guard kind == .request, !hasHost else { return refuse() }
            hasHost = true
            // Two names of the host would be two routes (RFC 9113 §8.3.1).
            if let authority = self[.authority] {
                if !authority.elementsEqual(value) { refuse() }
                return
            }
        case .contentLength:
            guard kind != .trailers else { return refuse() }
            hasContentLength = true
        case .other
        where pseudo[Pseudo.protocol.rawValue] != nil && name.spells("sec-websocket-key"):
            // It has no meaning in HTTP/2 (RFC 8441 §5), and one is written.
            return
        case .te, .cookie, .other:
            break
        }
        lines.append(contentsOf: name)
        lines.append(ASCII.colon)
        lines.append(ASCII.space)
        lines.append(contentsOf: value)
        lines.append(ASCII.cr)
        lines.append(ASCII.lf)
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
            for range in TrailerSection.passing(lines.span) { out.writeBytes(lines[range.indices]) }
        }
        return error
    }

    private subscript(_ field: Pseudo) -> ArraySlice<UInt8>? {
        pseudo[field.rawValue].map { pseudoBytes[$0] }
    }

    private mutating func writeRequest(isLast: Bool, into out: inout ByteBuffer) {
        guard let method = self[.method], let path = self[.path], self[.scheme] != nil else {
            return refuse()
        }
        let isConnect = method.elementsEqual("CONNECT".utf8)
        let upgrade = self[.protocol]
        // Only the extended form of CONNECT has a path (RFC 8441 §4). The other one would make a proxy of Berth.
        // The bytes of another protocol follow it: they are not content and have no length.
        guard isConnect == (upgrade != nil), upgrade == nil || !isLast && !hasContentLength else {
            return refuse()
        }
        let authority = self[.authority] ?? []
        if isConnect { out.writeStaticString("GET") } else { out.writeBytes(method) }
        out.writeStaticString(" ")
        out.writeBytes(path)
        out.writeStaticString(" HTTP/1.1\r\n")
        if !authority.isEmpty {
            out.writeStaticString("host: ")
            out.writeBytes(authority)
            out.writeStaticString("\r\n")
        }
        out.writeBytes(lines)
        if !cookie.isEmpty {
            out.writeStaticString("cookie: ")
            out.writeBytes(cookie)
            out.writeStaticString("\r\n")
        }
        if let upgrade {
            // The key is that of RFC 6455, which has no use in HTTP/2.
            out.writeStaticString("connection: upgrade\r\nupgrade: ")
            out.writeBytes(upgrade)
            out.writeStaticString("\r\nsec-websocket-key: ")
            out.writeStaticString(Self.webSocketKey)
            out.writeStaticString("\r\n")
        } else if !isLast, !hasContentLength {
            out.writeStaticString("transfer-encoding: chunked\r\n")
        }
        out.writeStaticString("\r\n")
    }

    /// 16 bytes in base64 (RFC 6455 §4.1). It need not be secret: it keeps old caches from answering.
    private static let webSocketKey: StaticString = "YmVydGgtb3Zlci1IVFRQMg=="

    private mutating func writeResponse(isLast: Bool, into out: inout ByteBuffer) {
        guard status > 0 else { return refuse() }
        out.writeStaticString("HTTP/1.1 ")
        out.writeBytes(self[.status] ?? [])
        out.writeStaticString(" \r\n")
        out.writeBytes(lines)
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
    case te, cookie, host, contentLength
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
        case 14 where name.spells("content-length"): .contentLength
        case 16 where name.spells("proxy-connection"): .forbidden
        case 17 where name.spells("transfer-encoding"): .forbidden
        default: .other
        }
    }
}
