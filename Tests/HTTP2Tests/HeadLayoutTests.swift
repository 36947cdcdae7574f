import HTTP1
import NIOCore
import Testing

@testable import HTTP2

/// What fields of HTTP/2 look like in HTTP/1, and which could be read in another way there.
@Suite struct HeadLayoutTests {
    private typealias Fields = [(String, String)]

    private static func lay(
        _ kind: HeadLayout.Kind,
        _ fields: Fields,
        isLast: Bool = true,
        maxBytes: Int = 4096,
        maxFields: Int = 20
    ) -> (text: String, error: HTTP2HeadError?) {
        var layout = HeadLayout(kind, maxBytes: maxBytes, maxFields: maxFields)
        for (name, value) in fields {
            Array(name.utf8).withUnsafeBufferPointer { name in
                Array(value.utf8).withUnsafeBufferPointer { value in layout.add(name, value) }
            }
        }
        var out = ByteBuffer()
        let error = layout.write(isLast: isLast, into: &out)
        return (String(buffer: out), error)
    }

    private static let pseudo: Fields = [
        (":method", "GET"), (":scheme", "https"), (":authority", "a.test"), (":path", "/p"),
    ]
    private static let connect: Fields = [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":authority", "a.test"),
        (":path", "/chat"),
    ]

    // MARK: Requests

    @Test func `A request`() {
        let (text, error) = Self.lay(
            .request,
            Self.pseudo + [("x-a", "1"), ("cookie", "a=1"), ("cookie", "b=2")]
        )
        #expect(error == nil)
        #expect(text == "GET /p HTTP/1.1\r\nhost: a.test\r\nx-a: 1\r\ncookie: a=1; b=2\r\n\r\n")
    }

    @Test func `A body without a length is in chunks`() {
        #expect(
            Self.lay(.request, Self.pseudo, isLast: false).text.contains("transfer-encoding: chunked\r\n")
        )
        let known = Self.lay(.request, Self.pseudo + [("content-length", "3")], isLast: false).text
        #expect(!known.contains("chunked") && known.contains("content-length: 3\r\n"))
    }

    @Test(arguments: [
        ("x\r\ny", "1"), ("x", "1\r\nhost: b"), ("x", "1\n"), ("x", "1\r"), ("x", "1\0"), ("x", "\u{7f}"),
        ("x", " 1"), ("x", "1\t"), ("", "1"), ("x:", "1"), ("x y", "1"), ("X", "1"), ("x\u{e9}", "1"),
        ("connection", "close"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("keep-alive", "1"),
        ("proxy-connection", "close"), ("te", "gzip"), ("te", "trailers, deflate"), ("host", "b.test"),
        (":path", "/other"), (":status", "200"), (":unknown", "x"), (":authority", "b.test"),
    ])
    func `A field that HTTP 1 could read in another way is refused`(name: String, value: String) {
        #expect(Self.lay(.request, Self.pseudo + [(name, value)]).error == .malformed)
    }

    @Test(arguments: [
        (":method", "G T"), (":method", ""), (":method", "GET / HTTP/1.1\r\n"), (":scheme", "ftp"),
        (":authority", "a b"), (":authority", "user@a.test"), (":authority", "a\r\nb: c"), (":path", "/a b"),
        (":path", ""), (":path", "a"), (":path", "http://b.test/"), (":path", "/\t"), (":path", "/\u{7f}"),
    ])
    func `A part of the request line that could end it is refused`(name: String, value: String) {
        let fields = Self.pseudo.map { $0.0 == name ? (name, value) : $0 }
        #expect(Self.lay(.request, fields).error == .malformed)
    }

    @Test(arguments: 0..<4)
    func `Each part of the request line is there once`(index: Int) {
        var fields = Self.pseudo
        let field = fields.remove(at: index)
        // The authority may be in `host` alone.
        let isRequired = field.0 != ":authority"
        #expect((Self.lay(.request, fields).error == .malformed) == isRequired)
        #expect(Self.lay(.request, Self.pseudo + [field]).error == .malformed)
    }

    @Test func `The name of the host in both its fields is one`() {
        let text = Self.lay(.request, Self.pseudo + [("host", "a.test")]).text
        #expect(text == "GET /p HTTP/1.1\r\nhost: a.test\r\n\r\n")
        #expect(
            Self.lay(.request, Self.pseudo + [("host", "a.test"), ("host", "a.test")]).error == .malformed
        )
    }

    @Test func `A pseudo field after another field is refused`() {
        let fields: Fields = [(":method", "GET"), ("x", "1"), (":scheme", "http"), (":path", "/")]
        #expect(Self.lay(.request, fields).error == .malformed)
    }

    // MARK: Extended CONNECT

    @Test func `An extended CONNECT asks for an upgrade`() {
        let (text, error) = Self.lay(.request, Self.connect + [("sec-websocket-key", "mine")], isLast: false)
        #expect(error == nil)
        #expect(text.hasPrefix("GET /chat HTTP/1.1\r\nhost: a.test\r\n"))
        #expect(text.contains("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: "))
        #expect(!text.contains("mine") && !text.contains("chunked"))
    }

    @Test func `It has neither a length nor an end`() {
        #expect(Self.lay(.request, Self.connect, isLast: true).error == .malformed)
        let fields = Self.connect + [("content-length", "5")]
        #expect(Self.lay(.request, fields, isLast: false).error == .malformed)
    }

    @Test func `Without the protocol CONNECT is refused, and so is the protocol without CONNECT`() {
        let plain = Self.connect.filter { $0.0 != ":protocol" }
        #expect(Self.lay(.request, plain, isLast: false).error == .malformed)
        #expect(
            Self.lay(.request, Self.pseudo + [(":protocol", "websocket")], isLast: false).error == .malformed
        )
    }

    // MARK: Responses and trailers

    @Test func `A response`() {
        let (text, error) = Self.lay(.response, [(":status", "200"), ("x", "1")])
        #expect(error == nil)
        #expect(text == "HTTP/1.1 200 \r\nx: 1\r\ncontent-length: 0\r\n\r\n")
        #expect(!Self.lay(.response, [(":status", "200")], isLast: false).text.contains("content-length"))
        for status in ["204", "304"] {
            #expect(!Self.lay(.response, [(":status", status)]).text.contains("content-length"))
        }
    }

    /// Containers send it, and HTTP/1 passes it on.
    @Test func `A host in a response means nothing`() {
        #expect(Self.lay(.response, [(":status", "200"), ("host", "b")]).text.contains("host: b\r\n"))
    }

    @Test(arguments: ["101", "99", "600", "20", "2000", "2 0", "+20", ""])
    func `A status that is none is refused`(status: String) {
        #expect(Self.lay(.response, [(":status", status)]).error == .malformed)
    }

    @Test func `Trailers have no pseudo field, and pass as those of HTTP 1 do`() {
        #expect(Self.lay(.trailers, [(":status", "200")]).error == .malformed)
        #expect(Self.lay(.trailers, [("content-length", "3")]).error == .malformed)
        #expect(Self.lay(.trailers, [("host", "b.test")]).error == .malformed)
        #expect(
            Self.lay(.trailers, [("grpc-status", "0"), ("authorization", "x")]).text == "grpc-status: 0\r\n"
        )
    }

    // MARK: Limits

    @Test func `A head that is too large is not kept`() {
        let large = String(repeating: "x", count: 4096)
        #expect(Self.lay(.request, Self.pseudo + [("x", large)]).error == .tooLarge)
        let many: Fields = (0..<20).map { ("x-\($0)", "") }
        #expect(Self.lay(.request, Self.pseudo + many).error == .tooLarge)
    }
}
