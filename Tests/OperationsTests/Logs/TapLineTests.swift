import Foundation
import NIOCore
import Routing
import TestSupport
import Testing

@testable import Operations
@testable import ProxyCore

@Suite struct TapLineTests {
    private static let moment = LogClock.Moment(
        combined: [],
        iso: Array("2026-11-21T10:00:00".utf8),
        milliseconds: 7
    )

    private static func record() -> ExchangeRecord {
        ExchangeRecord(
            client: IPAddress(v4: 0xC000_0207),
            peer: IPAddress(v4: 0x7F00_0001),
            method: ByteBuffer(),
            target: ByteBuffer(),
            host: ByteBuffer(string: "x.test"),
            version: "HTTP/1.1",
            referer: nil,
            userAgent: nil,
            requestID: ByteBuffer(string: "id-1"),
            decision: nil,
            endpoint: Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 8080),
            status: 502,
            failure: Failure(.connectionRefused),
            bytesIn: 3,
            bytesOut: 187,
            start: .uptimeNanoseconds(0),
            connected: nil,
            responded: nil,
            end: .uptimeNanoseconds(1_500_000),
            reused: false,
            retried: false
        )
    }

    private static func object(_ content: TapContent) throws -> [String: Any] {
        let line = TapLine(record(), content, tier: "front", at: moment).text()
        #expect(line.bytes.last == 0x0A)
        #expect(line.bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        return try #require(try JSONSerialization.jsonObject(with: Data(line.bytes)) as? [String: Any])
    }

    private static func message(_ fields: [(String, String?)], body: [UInt8], status: Int = 0) -> TapMessage {
        var message = TapMessage()
        func append(_ text: String) -> Range<Int> {
            let start = message.text.count
            message.text += Array(text.utf8)
            return start..<message.text.count
        }
        message.method = append("POST")
        message.target = append("/a?b=[redacted]")
        message.fields = fields.map { .init(name: append($0), value: $1.map(append)) }
        message.body = ByteBuffer(bytes: body)
        message.status = status
        return message
    }

    @Test func `A line has both messages, and what is redacted says so`() throws {
        var content = TapContent(hasFields: true, hasBodies: true)
        content.request = Self.message(
            [("Host", "x.test"), ("Cookie", nil)],
            body: Array("hé\n\u{1F600}".utf8)
        )
        content.response = Self.message(
            [("Content-Encoding", "gzip")],
            body: [0x1F, 0x8B, 0, 1],
            status: 502
        )
        content.response.isTruncated = true
        let object = try Self.object(content)
        #expect(object["time"] as? String == "2026-11-21T10:00:00.007Z")
        #expect(
            object["request_id"] as? String == "id-1" && object["cause"] as? String == "connection_refused"
        )
        #expect(object["error"] as? Bool == true && object["status"] as? Int == 502)
        let request = try #require(object["request"] as? [String: Any])
        #expect(request["method"] as? String == "POST" && request["uri"] as? String == "/a?b=[redacted]")
        #expect(request["fields"] as? [[String]] == [["Host", "x.test"], ["Cookie", "[redacted]"]])
        #expect(request["body"] as? String == "hé\n\u{1F600}" && request["body_bytes"] as? Int == 3)
        #expect(request["truncated"] as? Bool == false)
        let response = try #require(object["response"] as? [String: Any])
        #expect(response["body_base64"] as? String == "H4sAAQ==" && response["body"] == nil)
        #expect(response["truncated"] as? Bool == true)
    }

    @Test func `Without a response, and without fields and bodies, the keys are absent or null`() throws {
        let object = try Self.object(TapContent(hasFields: false, hasBodies: false))
        #expect(object["response"] is NSNull)
        let request = try #require(object["request"] as? [String: Any])
        #expect(request["fields"] == nil && request["body"] == nil && request["body_base64"] == nil)
    }

    @Test func `A body is read back as it was, whatever it is`() throws {
        var random = SeededRandom(seed: TestSeed.make(for: "tapped lines"))
        for _ in 0..<2000 {
            let isText = Bool.random(using: &random)
            let body: [UInt8] = (0..<Int.random(in: 0...30, using: &random)).flatMap { _ -> [UInt8] in
                guard isText else { return [UInt8.random(in: 0...255, using: &random)] }
                return Array(
                    String(Unicode.Scalar(UInt32.random(in: 0...0xD7FF, using: &random)) ?? "x").utf8
                )
            }
            var content = TapContent(hasFields: true, hasBodies: true)
            content.request = Self.message([], body: body)
            let request = try #require(try Self.object(content)["request"] as? [String: Any])
            let read: [UInt8]
            if let text = request["body"] as? String {
                read = Array(text.utf8)
            } else {
                read = [UInt8](try #require(Data(base64Encoded: request["body_base64"] as? String ?? "")))
            }
            #expect(read == body)
        }
    }

    @Test func `A character that the limit cuts is left out of a text`() throws {
        let whole = Array("a\u{1F600}".utf8)
        for count in 1...5 {
            var content = TapContent(hasFields: true, hasBodies: true)
            content.request = Self.message([], body: Array(whole.prefix(count)))
            content.request.isTruncated = count < 5
            let request = try #require(try Self.object(content)["request"] as? [String: Any])
            #expect(request["body"] as? String == (count == 5 ? "a\u{1F600}" : "a"))
        }
    }
}
