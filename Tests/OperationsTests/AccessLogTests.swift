import Foundation
import HTTP1
import NIOCore
@testable import Proxy
@testable import ProxyCore
import Routing
@testable import RuleTesting
import TestSupport
import Testing

@testable import Operations

@Suite struct AccessLogTests {
    private func record(
        target: String = "/a",
        host: String = "x.test",
        referer: String? = nil,
        userAgent: String? = "curl/8",
        requestID: String = "id-1",
        failure: Failure = Failure(.connectionRefused)
    ) -> ExchangeRecord {
        let start = NIODeadline.uptimeNanoseconds(5_000_000_000)
        return ExchangeRecord(
            client: IPAddress(v4: 0xC000_0207),
            peer: IPAddress(v4: 0x7F00_0001),
            method: ByteBuffer(string: "GET"),
            target: ByteBuffer(string: target),
            host: ByteBuffer(string: host),
            version: "HTTP/1.1",
            referer: referer.map { ByteBuffer(string: $0) },
            userAgent: userAgent.map { ByteBuffer(string: $0) },
            requestID: ByteBuffer(string: requestID),
            decision: nil,
            endpoint: Endpoint(address: IPAddress(v4: 0x7F00_0001), port: 8080),
            status: 502,
            failure: failure,
            bytesIn: 3,
            bytesOut: 187,
            start: start,
            connected: nil,
            responded: start + .microseconds(1500),
            end: start + .microseconds(1_002_000),
            reused: false,
            retried: true
        )
    }

    private let moment = LogClock.Moment(
        combined: Array("21/Nov/2026:10:00:00 +0000".utf8),
        iso: Array("2026-11-21T10:00:00".utf8),
        milliseconds: 7
    )

    @Test func `Text looks like nginx's combined, with key=value behind it`() {
        let out = LogLine()
        TextRecord.write(record(), at: moment, into: out)
        #expect(
            String(decoding: out.bytes, as: UTF8.self) == """
                192.0.2.7 - - [21/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 502 187 "-" "curl/8" host=x.test \
                rule=- captures=- target=- endpoint=127.0.0.1:8080 in=3 time=1.002000 connect=- response=0.001500 \
                id=id-1 retried=1 cause=connection_refused

                """
        )
    }

    @Test func `The target in place of the rule's is in both formats`() throws {
        var used = record()
        used.usedTarget = Target(name: "shop-v2", port: 8080)
        let (text, json) = (LogLine(), LogLine())
        TextRecord.write(used, at: moment, into: text)
        #expect(
            String(decoding: text.bytes, as: UTF8.self).contains(
                " target=- used_target=shop-v2:8080 endpoint="
            )
        )
        JSONRecord.write(used, tier: "front", at: moment, into: json)
        let object = try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any]
        #expect(object?["used_target"] as? String == "shop-v2:8080")
    }

    @Test func `The client of a certificate is in both formats, in one part`() throws {
        var known = record()
        known.clientSubject = Array("CN=al ice\\, \"x\",O=E".utf8)
        let (text, json) = (LogLine(), LogLine())
        TextRecord.write(known, at: moment, into: text)
        let line = String(decoding: text.bytes, as: UTF8.self)
        #expect(line.contains(" id=id-1 client_subject=CN=al\\x20ice"), "\(line)")
        #expect(line.contains("O=E retried=1 cause="), "\(line)")
        JSONRecord.write(known, tier: "front", at: moment, into: json)
        let object = try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any]
        #expect(object?["client_subject"] as? String == "CN=al ice\\, \"x\",O=E")
    }

    @Test func `JSON is one object a line, with all documented keys`() throws {
        let out = LogLine()
        JSONRecord.write(record(), tier: "front", at: moment, into: out)
        let line = String(decoding: out.bytes, as: UTF8.self)
        #expect(line.hasSuffix("}\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2026-11-21T10:00:00.007Z")
        #expect(object["status"] as? Int == 502)
        #expect(object["cause"] as? String == "connection_refused")
        #expect(object["detail"] == nil)
        #expect(object["side"] as? String == "upstream")
        #expect(object["connect"] is NSNull)
        #expect(object["duration"] as? Double == 1.002)
    }

    @Test func `The exact mistake follows its cause, where there is one`() throws {
        let failed = record(failure: Failure(RequestError.missingHost))
        let text = LogLine()
        TextRecord.write(failed, at: moment, into: text)
        #expect(
            String(decoding: text.bytes, as: UTF8.self).hasSuffix(
                " cause=malformed_request detail=host_missing\n"
            )
        )
        let json = LogLine()
        JSONRecord.write(failed, tier: "front", at: moment, into: json)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any]
        )
        #expect(object["detail"] as? String == "host_missing")
    }

    @Test func `What a client sends can't end a line, close a quote or break the JSON`() throws {
        let evil = "/\"\\\n\r\u{1B}[2J\u{7F}é"
        let text = LogLine()
        TextRecord.write(record(target: evil, userAgent: evil), at: moment, into: text)
        let line = String(decoding: text.bytes, as: UTF8.self)
        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(line.contains(#"GET /\x22\x5c\x0a\x0d\x1b[2J\x7f\xc3\xa9 HTTP/1.1"#))
        let json = LogLine()
        JSONRecord.write(record(target: evil, userAgent: evil), tier: "front", at: moment, into: json)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any]
        )
        #expect((object["uri"] as? String)?.hasPrefix("/\"\\\n\r") == true)
    }

    @Test func `Blanks forge no fields of a text record`() {
        let forged = "x cause=- rule=good"
        let text = LogLine()
        let evil = record(
            target: "/a b\" 200",
            host: forged,
            referer: "-",
            userAgent: forged,
            requestID: forged
        )
        TextRecord.write(evil, at: moment, into: text)
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == #"""
                192.0.2.7 - - [21/Nov/2026:10:00:00 +0000] "GET /a\x20b\x22\x20200 HTTP/1.1" 502 187 "\x2d" \#
                "x cause=- rule=good" host=x\x20cause=-\x20rule=good rule=- captures=- target=- \#
                endpoint=127.0.0.1:8080 in=3 time=1.002000 connect=- response=0.001500 \#
                id=x\x20cause=-\x20rule=good retried=1 cause=connection_refused

                """#
        )
        let capture = LogLine()
        capture.append(value: "a,b:c d".utf8.span, .part)
        capture.append(" ")
        capture.append(value: "-".utf8.span, .part)
        #expect(String(decoding: capture.bytes, as: UTF8.self) == #"a\x2cb\x3ac\x20d \x2d"#)
    }

    @Test func `A text record is read back as it was, whatever a client sends`() throws {
        var random = SeededRandom(seed: TestSeed.make(for: "text records"))
        func bytes(_ count: Int) -> ByteBuffer {
            var buffer = ByteBuffer()
            for _ in 0..<Int.random(in: 1...count, using: &random) {
                // Mostly what means something in a record.
                let meaningful = Array(" \"\\-=:,[]\n\u{1B}xabc/".utf8)
                buffer.writeInteger(
                    Bool.random(using: &random)
                        ? meaningful.randomElement(using: &random) ?? 0x20
                        : UInt8.random(in: 0...255, using: &random)
                )
            }
            return buffer
        }
        for _ in 0..<5000 {
            let (target, host, referer, agent) = (bytes(12), bytes(8), bytes(6), bytes(6))
            var sent = record()
            sent.target = target
            sent.host = host
            sent.referer = referer
            sent.userAgent = agent
            sent.requestID = bytes(8)
            let out = LogLine()
            TextRecord.write(sent, at: moment, into: out)
            #expect(out.bytes.last == 0x0A)
            let line = Array(out.bytes.dropLast())
            #expect(line.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            var read = LoggedRequest()
            #expect(read.read(line.span) == nil)
            #expect(read.target == Array(target.readableBytesView))
            #expect(read.host == Array(host.readableBytesView))
            #expect(read.referer == Array(referer.readableBytesView))
            #expect(read.userAgent == Array(agent.readableBytesView))
            #expect(read.hasRule && read.rule.isEmpty)
        }
    }

    @Test func `A JSON record is one line of ASCII that is read back as it was, whatever a client sends`()
        throws
    {
        var random = SeededRandom(seed: TestSeed.make(for: "JSON records"))
        for _ in 0..<2000 {
            var sent = record()
            let values = (0..<5).map { _ in
                (0..<Int.random(in: 1...10, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
            }
            sent.method = ByteBuffer(bytes: values[0])
            sent.target = ByteBuffer(bytes: values[1])
            sent.host = ByteBuffer(bytes: values[2])
            sent.userAgent = ByteBuffer(bytes: values[3])
            sent.requestID = ByteBuffer(bytes: values[4])
            let out = LogLine()
            JSONRecord.write(sent, tier: "front", at: moment, into: out)
            #expect(out.bytes.last == 0x0A)
            #expect(out.bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            let object = try JSONSerialization.jsonObject(with: Data(out.bytes)) as? [String: Any]
            for (key, value) in zip(["method", "uri", "host", "user_agent", "request_id"], values) {
                let text = object?[key] as? String
                #expect(text?.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } == value)
            }
        }
    }

    @Test func `The log has what the rules say, and each error`() async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: url) }
        let sink = try LogSink(path: url.path)
        let log = AccessLog(sink: sink, format: .json, tier: "front")
        func write(_ id: String, status: Int, _ policy: AccessLogPolicy?, failure: Failure? = nil) {
            var one = record(requestID: id)
            (one.status, one.failure, one.logPolicy) = (status, failure, policy)
            log.record(one)
        }
        var only = AccessLogPolicy()
        only.only = StatusSet([400...499])
        write("plain", status: 200, nil)
        write("off", status: 500, .off)
        write("not-4xx", status: 200, only)
        write("4xx", status: 404, only)
        write("error", status: 502, only)
        write("broken-off", status: 200, only, failure: Failure(.responseIncomplete))
        write("left", status: 200, only, failure: Failure(.downstreamClosed))
        log.flush()
        await sink.close()
        let ids = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return object?["request_id"] as? String ?? ""
        }
        #expect(ids == ["plain", "4xx", "error", "broken-off"])
    }

    @Test func `Numbers are written as they are, the largest and the padded too`() {
        let out = LogLine()
        for number in [0, 7, 10, 999, 1_234_567_890, UInt64.max] {
            out.append(number: number)
            out.append(" ")
        }
        out.append(number: 7, digits: 3)
        out.append(" ")
        out.append(number: 12345, digits: 3)
        out.append(" ")
        out.append(seconds: .nanoseconds(61_000_042_999))
        let text = String(decoding: out.bytes, as: UTF8.self)
        #expect(text == "0 7 10 999 1234567890 18446744073709551615 007 12345 61.000042")
    }

    @Test func `A full disk loses lines and counts them; nothing else happens`() async throws {
        let sink = try LogSink(path: "/dev/full")
        let log = AccessLog(sink: sink, format: .text, tier: "front")
        for _ in 0..<3 { log.record(record()) }
        log.flush()
        await sink.close()
        #expect(sink.droppedLines == 3)
    }

    @Test func `Lines are appended to the file`() async throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: url) }
        try "old\n".write(to: url, atomically: true, encoding: .utf8)
        let sink = try LogSink(path: url.path)
        let log = AccessLog(sink: sink, format: .json, tier: "local")
        log.record(record())
        log.record(record())
        log.flush()
        await sink.close()
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3 && lines[0] == "old")
    }

    @Test func `A log that can't be opened is an error that says why`() {
        let error = #expect(throws: LogSinkError.self) { try LogSink(path: "/nonexistent/x.log") }
        #expect(
            error?.description == "cannot write the access log /nonexistent/x.log: No such file or directory"
        )
    }
}
