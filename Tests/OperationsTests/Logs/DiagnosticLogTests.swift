import Foundation
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct DiagnosticLogTests {
    @Test(
        arguments: [
            ("plain", "plain"), ("10.0.0.5:9000", "10.0.0.5:9000"), ("", "\"\""),
            ("two words", "\"two words\""), ("a=b", "\"a=b\""), ("say \"x\"", #""say \"x\"""#),
            (#"back\slash"#, #""back\\slash""#), ("line\nnext\r\t", #""line\nnext\r\t""#),
            ("\u{1B}[2J", #""\x1b[2J""#), ("\u{9B}2J", #""\x9b2J""#), ("\u{7F}", #""\x7f""#),
            ("a\u{202E}b", #""a\u{202e}b""#), ("a\u{2028}b", #""a\u{2028}b""#), ("Grüße", "\"Grüße\""),
        ]
    )
    func `A value is one word, or in quotation marks with what is not printable escaped`(
        value: String,
        written: String
    ) {
        #expect(DiagnosticLog.value(value) == written)
    }

    @Test func `A value has a maximum length`() {
        let value = DiagnosticLog.value(String(repeating: "\u{1B}", count: 1 << 20))
        #expect(value.utf8.count < DiagnosticLog.maxValueBytes + 20 && value.hasSuffix("…\""))
    }

    @Test func `An entry is one line, whatever is in it`() async throws {
        let pipe = Pipe()
        let sink = try DiagnosticLog.sink(LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor))
        var logger = Logger(label: "berth") { DiagnosticLog(label: $0, sink: sink) }
        logger[metadataKey: "tier"] = "front"
        logger.notice("listening", metadata: ["address": "127.0.0.1:80"])
        logger.error(
            "evil",
            metadata: ["problem": "x\n2026-01-01T00:00:00Z error berth: [Operations] forged"]
        )
        logger.info("not written")
        await sink.close()
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.drop { $0 != " " } }
        #expect(
            lines == [
                " notice berth: address=127.0.0.1:80 tier=front [OperationsTests] listening",
                #" error berth: problem="x\n2026-01-01T00:00:00Z error berth: [Operations] forged" tier=front [OperationsTests] evil"#,
            ]
        )
        #expect(text.prefix { $0 != " " }.hasSuffix("Z"))
    }

    @Test func `A reader that has stopped delays nobody; what it misses is counted and reported`()
        async throws
    {
        let pipe = Pipe()
        let sink = try DiagnosticLog.sink(LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor))
        let logger = Logger(label: "berth") { DiagnosticLog(label: $0, sink: sink) }
        let long = String(repeating: "x", count: 1000)
        for _ in 0..<3000 { logger.notice("filler", metadata: ["text": "\(long)"]) }
        let dropped = sink.droppedLines
        #expect(dropped > 1000)
        // Somebody reads again.
        let reader = pipe.fileHandleForReading.fileDescriptor
        let seen = NIOLockedValueBox("")
        let thread = Thread {
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(reader, &bytes, bytes.count)
                guard count > 0 else { return }
                seen.withLockedValue { $0 += String(decoding: bytes[..<count], as: UTF8.self) }
            }
        }
        thread.start()
        while !seen.withLockedValue({ $0.contains("messages=\(dropped) ") }) {
            if sink.droppedLines > dropped { break }
            await Task.yield()
        }
        await sink.close()
        try pipe.fileHandleForWriting.close()
        let text = seen.withLockedValue { $0 }
        #expect(text.contains("warning berth: messages=\(dropped) "))
        #expect(text.contains("[Operations] messages of this log were dropped\n"))
    }
}
