import CNghttp2
import HTTP1
import NIOCore
import Testing

@testable import HTTP2

/// Heads as Berth writes them for HTTP/1, as fields of HTTP/2.
@Suite struct FieldBlockTests {
    private static func read(_ text: String, _ line: FieldBlock.FirstLine) -> (
        fields: [String], block: FieldBlock
    )? {
        let block = FieldBlock()
        let fields = block.read(ByteBuffer(string: text), line) { fields, _ in
            fields.map { field in
                let name = UnsafeBufferPointer(start: field.name, count: field.namelen)
                let value = UnsafeBufferPointer(start: field.value, count: field.valuelen)
                return String(decoding: name, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self)
            }
        }
        return fields.map { ($0, block) }
    }

    @Test func `A request`() throws {
        let text =
            "GET /p?q HTTP/1.1\r\nHost: A.test\r\nX-One:  1 \r\nConnection: upgrade\r\nUpgrade: x\r\n"
            + "TE: gzip\r\nKeep-Alive: 1\r\nCookie: a=1; b=2\r\n\r\nrest"
        let (fields, block) = try #require(Self.read(text, .request(scheme: "https")))
        #expect(
            fields == [
                ":method=GET", ":scheme=https", ":authority=A.test", ":path=/p?q", "te=trailers", "x-one=1",
                "cookie=a=1; b=2",
            ]
        )
        #expect(block.framing == .none && !block.isHead)
        #expect(block.length == text.utf8.count - 4)
    }

    @Test func `An extended CONNECT has no key, and no change of protocol`() throws {
        let text =
            "GET /chat HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        let (fields, _) = try #require(Self.read(text, .connect(scheme: "http", protocol: "websocket")))
        #expect(
            fields == [
                ":method=CONNECT", ":protocol=websocket", ":scheme=http", ":authority=a", ":path=/chat",
            ]
        )
    }

    @Test func `A response`() throws {
        let (fields, _) = try #require(
            Self.read("HTTP/1.1 204 No Content\r\nX-A:\r\nx-b: 1\r\n\r\n", .status)
        )
        #expect(fields == [":status=204", "x-a=", "x-b=1"])
        #expect(try #require(Self.read("HTTP/1.1 200 \r\n\r\n", .status)).fields == [":status=200"])
    }

    @Test func `Only values that come again enter the peer's table`() {
        let block = FieldBlock()
        let text = ByteBuffer(
            string: "HTTP/1.1 200 \r\nServer: a\r\nX-Request-ID: 1\r\ntraceparent: 2\r\n\r\n"
        )
        let flags = block.read(text, .status) { fields, _ in fields.map(\.flags) }
        let unique = UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue)
        #expect(flags == [0, 0, unique, unique])
    }

    @Test func `The framing of the body is known, and that of chunks is not a field`() throws {
        let length = try #require(
            Self.read("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n", .request(scheme: "http"))
        )
        #expect(length.block.framing == .length(12) && length.block.isHead)
        #expect(length.fields.last == "content-length=12")
        let chunked = try #require(
            Self.read(
                "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                .request(scheme: "http")
            )
        )
        #expect(chunked.block.framing == .chunked && !chunked.fields.contains { $0.hasPrefix("transfer") })
    }

    @Test(arguments: [
        "", "GET", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nX: 1\r\n\r\n",
        "GET\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n",
    ])
    func `What is no head is none`(text: String) {
        #expect(Self.read(text, .request(scheme: "http")) == nil)
    }
}
