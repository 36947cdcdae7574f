import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import Operations

/// Rotation in a real folder.
@Suite(.timeLimit(.minutes(1))) struct LogRotationTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
    private var path: String { folder.appending(path: "log").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func line(_ text: String) -> LogLine {
        let line = LogLine()
        line.append(text + "\n")
        return line
    }

    private func lines(_ name: String) throws -> [Int] {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            .split(separator: "\n").compactMap { Int($0.prefix { $0 != " " }) }
    }

    @Test func `No line is lost or torn, and no file is longer than its limit`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let sink = try LogSink(path: path, rotation: LogRotation(maxBytes: 5000, keep: 100))
        let filler = String(repeating: "x", count: 90)
        for number in 0..<1000 { sink.write(line("\(number) \(filler)"), lines: 1) }
        await sink.close()
        #expect(sink.droppedLines == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.count > 15 && files.count < 30)
        var all: [Int] = []
        for number in stride(from: files.count - 1, through: 1, by: -1) { all += try lines("log.\(number)") }
        all += try lines("log")
        #expect(all == Array(0..<1000))
        for file in files {
            let size = try FileManager.default.attributesOfItem(atPath: folder.appending(path: file).path)[
                .size
            ]
            #expect((size as? Int ?? .max) <= 5000)
        }
    }

    @Test func `Old files are given up`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let sink = try LogSink(path: path, rotation: LogRotation(maxBytes: 5000, keep: 2))
        for number in 0..<1000 {
            sink.write(line("\(number) \(String(repeating: "x", count: 90))"), lines: 1)
        }
        await sink.close()
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) == [
                "log", "log.1", "log.2",
            ]
        )
        #expect(try lines("log").last == 999)
    }

    @Test func `A rotation that fails is reported once, and nothing is lost`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        // Nothing can take the place of a folder.
        try FileManager.default.createDirectory(atPath: path + ".1/x", withIntermediateDirectories: true)
        let events = NIOLockedValueBox<[LogSink.Event]>([])
        let sink = try LogSink(path: path, rotation: LogRotation(maxBytes: 5000, keep: 1)) { _, event in
            events.withLockedValue { $0.append(event) }
        }
        for number in 0..<1000 {
            sink.write(line("\(number) \(String(repeating: "x", count: 90))"), lines: 1)
        }
        await sink.close()
        #expect(try lines("log") == Array(0..<1000))
        let reported = events.withLockedValue { $0 }
        #expect(reported == [.notRotated(reason: "Is a directory")])
    }

    @Test func `A file is not rotated while another process does it`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let sink = try LogSink(path: path, rotation: LogRotation(maxBytes: 5000, keep: 100))
        let other = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        #expect(other >= 0 && flock(other, LOCK_EX) == 0)
        for number in 0..<200 {
            sink.write(line("\(number) \(String(repeating: "x", count: 90))"), lines: 1)
        }
        await sink.close()
        close(other)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["log"])
        #expect(try lines("log") == Array(0..<200))
    }

    @Test func `Two that write and rotate one file lose no line`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let rotation = LogRotation(maxBytes: 4096, keep: 400)
        let sinks = try [LogSink(path: path, rotation: rotation), LogSink(path: path, rotation: rotation)]
        await withTaskGroup(of: Void.self) { tasks in
            for (index, sink) in sinks.enumerated() {
                tasks.addTask {
                    for number in 0..<4000 {
                        let text = "\(number * 2 + index) \(String(repeating: "x", count: 90))"
                        sink.write(line(text), lines: 1)
                    }
                    await sink.close()
                }
            }
        }
        var all: [Int] = []
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            all += try lines(file)
        }
        #expect(all.count == 8000 && Set(all) == Set(0..<8000))
    }

    @Test func `A log for its owner alone is closed to others, also where it was there before`() async throws
    {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(
            FileManager.default.createFile(
                atPath: path,
                contents: nil,
                attributes: [.posixPermissions: 0o644]
            )
        )
        let sink = try LogSink(path: path, access: .owner, rotation: LogRotation(maxBytes: 5000, keep: 1))
        for number in 0..<100 { sink.write(line("\(number) \(String(repeating: "x", count: 90))"), lines: 1) }
        await sink.close()
        for name in ["log", "log.1"] {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: folder.appending(path: name).path
            )
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `Lines that are made on the log's thread are in their order among the others`() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let sink = try LogSink(path: path)
        for number in 0..<100 {
            if number.isMultiple(of: 2) {
                sink.write(line("\(number)"), lines: 1)
            } else {
                #expect(sink.write(bytes: 10) { line("\(number)") })
            }
        }
        await sink.close()
        #expect(try lines("log") == Array(0..<100))
        #expect(!sink.write(bytes: 10 << 30) { line("never made") } && sink.droppedLines == 1)
    }
}
