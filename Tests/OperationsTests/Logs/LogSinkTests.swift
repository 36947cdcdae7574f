import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct LogSinkTests {
    private final class Events: Sendable {
        private let box = NIOLockedValueBox<[LogSink.Event]>([])
        var all: [LogSink.Event] { box.withLockedValue { $0 } }
        func take(_ event: LogSink.Event) { box.withLockedValue { $0.append(event) } }
    }

    private let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func line(_ text: String) -> LogLine {
        let line = LogLine()
        line.append(text + "\n")
        return line
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    @Test func `A log that was renamed is opened again under its name`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "log").path
        let events = Events()
        let sink = try LogSink(path: path) { events.take($1) }
        sink.write(line("one"), lines: 1)
        while try text("log") != "one\n" { await Task.yield() }
        #expect(rename(path, path + ".1") == 0)
        sink.write(line("two"), lines: 1)
        sink.reopen()
        sink.write(line("three"), lines: 1)
        await sink.close()
        #expect(try text("log.1") == "one\ntwo\n")
        #expect(try text("log") == "three\n")
        #expect(events.all == [.reopened] && sink.droppedLines == 0)
    }

    @Test func `A log that cannot be opened again stays as it is, and it is reported`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "log").path
        let events = Events()
        let sink = try LogSink(path: path) { events.take($1) }
        #expect(rename(path, path + ".1") == 0)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        sink.reopen()
        sink.write(line("one"), lines: 1)
        await sink.close()
        #expect(try text("log.1") == "one\n")
        #expect(events.all == [.notReopened(reason: "Is a directory")])
    }

    @Test func `A pipe that nobody reads ends neither the tier's work nor its end`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "pipe").path
        #expect(mkfifo(path, 0o600) == 0)
        let refused = #expect(throws: LogSinkError.self) { try LogSink(path: path) }
        #expect(refused?.reason == "no program reads this pipe")
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let events = Events()
        let sink = try LogSink(path: path) { events.take($1) }
        let large = line(String(repeating: "x", count: 1 << 20))
        for _ in 0..<40 { sink.write(large, lines: 1) }
        #expect(events.all == [.stalled] && sink.droppedLines >= 8)
        let start = ContinuousClock.now
        await sink.close()
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(sink.droppedLines == 40)
    }

    @Test func `A pipe whose reader stalls is left when the log is opened again`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "pipe").path
        #expect(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let events = Events()
        let sink = try LogSink(path: path) { events.take($1) }
        sink.write(line(String(repeating: "x", count: 1 << 20)), lines: 1)
        #expect(unlink(path) == 0)
        sink.reopen()
        sink.write(line("one"), lines: 1)
        while !events.all.contains(.reopened) { await Task.yield() }
        await sink.close()
        #expect(try text("pipe") == "one\n")
        #expect(sink.droppedLines == 1)
    }
}
