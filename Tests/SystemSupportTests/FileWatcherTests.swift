import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import SystemSupport

@Suite(.timeLimit(.minutes(1))) struct FileWatcherTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }
        func path(_ name: String) -> String { url.appending(path: name).path }
        func write(_ text: String, to name: String, atomically: Bool = false) throws {
            try text.write(toFile: path(name), atomically: atomically, encoding: .utf8)
        }
    }

    /// Reports of a watcher that reads `file`: its contents, or nil where it could not be read.
    private func follow(_ folder: Folder, usesEvents: Bool = true) throws -> (
        FileWatcher, AsyncStream<String?>
    ) {
        let (reports, report) = AsyncStream.makeStream(of: String?.self)
        let path = folder.path("file")
        let watcher = try FileWatcher(WatchedFiles(path: path), usesEvents: usesEvents) {
            let bytes = try? WholeFile.read(path, limit: 1 << 20)
            let text = bytes.map { String(decoding: $0, as: UTF8.self) }
            report.yield(text)
            return text != nil
        }
        return (watcher, reports)
    }

    @Test(arguments: [true, false])
    func `A file that is created, written or replaced is reported; another one is not`(
        usesEvents: Bool
    ) async throws {
        let folder = try Folder()
        let (watcher, reports) = try follow(folder, usesEvents: usesEvents)
        defer { watcher.stop() }
        var next = reports.makeAsyncIterator()
        try folder.write("one", to: "file")
        #expect(await next.next() == "one")
        try folder.write("two", to: "file", atomically: true)
        #expect(await next.next() == "two")
        try folder.write("x", to: "other")
        try FileManager.default.removeItem(atPath: folder.path("file"))
        #expect(await next.next() == .some(nil))
        #expect(FileStamp(folder.path("file")) == nil)
    }

    @Test(arguments: [true, false])
    func `A file that changed before it was watched is reported`(isFolder: Bool) async throws {
        let folder = try Folder()
        try folder.write("one", to: "file")
        let (reports, report) = AsyncStream.makeStream(of: Void.self)
        let changed: @Sendable () -> Bool = {
            report.yield()
            return true
        }
        let states =
            isFolder
            ? FileStates(folder: folder.url.path) { _ in true } : FileStates(path: folder.path("file"))
        // Between the reader and the watcher.
        try folder.write("another", to: "file")
        let watcher =
            isFolder
            ? try FileWatcher(
                folder: folder.url.path,
                matches: { _ in true },
                since: states,
                changed: changed
            )
            : try FileWatcher(path: folder.path("file"), since: states, changed: changed)
        defer { watcher.stop() }
        var next = reports.makeAsyncIterator()
        await next.next()
    }

    @Test func `A folder that does not exist yet is watched when it does`() async throws {
        let folder = try Folder()
        let (reports, report) = AsyncStream.makeStream(of: Void.self)
        let watcher = try FileWatcher(path: folder.path("later/file")) {
            report.yield()
            return true
        }
        defer { watcher.stop() }
        try FileManager.default.createDirectory(
            atPath: folder.path("later"),
            withIntermediateDirectories: true
        )
        try folder.write("one", to: "later/file")
        var next = reports.makeAsyncIterator()
        await next.next()
        // The folder is replaced, as a deployment does.
        try FileManager.default.createDirectory(atPath: folder.path("new"), withIntermediateDirectories: true)
        try folder.write("two", to: "new/file")
        #expect(rename(folder.path("later"), folder.path("old")) == 0)
        #expect(rename(folder.path("new"), folder.path("later")) == 0)
        await next.next()
    }

    @Test func `A change that could not be read is reported until it is`() async throws {
        let folder = try Folder()
        try folder.write("one", to: "file")
        let attempts = NIOLockedValueBox(0)
        let (reports, report) = AsyncStream.makeStream(of: Int.self)
        let watcher = try FileWatcher(path: folder.path("file")) {
            let count = attempts.withLockedValue { count in
                count += 1
                return count
            }
            report.yield(count)
            // No event follows, as where descriptors are free again.
            return count == 3
        }
        defer { watcher.stop() }
        try folder.write("two", to: "file")
        for await count in reports where count == 3 { break }
    }

    @Test func `A file that becomes readable has changed`() throws {
        let folder = try Folder()
        try folder.write("one", to: "file")
        let before = FileStamp(folder.path("file"))
        #expect(chmod(folder.path("file"), 0o000) == 0)
        let hidden = FileStamp(folder.path("file"))
        #expect(chmod(folder.path("file"), 0o644) == 0)
        let after = FileStamp(folder.path("file"))
        #expect(before != hidden && hidden != after)
    }

    @Test func `The files of a folder are compared by their names`() throws {
        let folder = try Folder()
        let files = WatchedFiles(folder: folder.url.path) { $0.suffix(5).elementsEqual(".yaml".utf8) }
        #expect(files.stamps()?.count == 0)
        try folder.write("one", to: "a.yaml")
        try folder.write("one", to: "b.txt")
        let one = files.stamps()
        #expect(one?.keys.map { String(decoding: $0, as: UTF8.self) } == ["a.yaml"])
        try folder.write("longer", to: "a.yaml")
        #expect(files.stamps() != one)
        #expect(WatchedFiles(folder: "/nonexistent/folder") { _ in true }.stamps()?.count == 0)
    }
}

@Suite struct FileRestTests {
    private func milliseconds(_ count: Int) -> Duration { .milliseconds(count) }

    @Test func `A file that gets a line every 20 ms is read when it is at rest, after 2 s at the latest`() {
        var rest = FileRest(now: .zero, sample: 0)
        for moment in stride(from: 20, to: 2000, by: 20) {
            rest.changed(now: milliseconds(moment))
            let next = rest.next(now: milliseconds(moment), isOpen: false) { 0 }
            #expect(next == milliseconds(min(moment + 50, 2000)))
        }
        #expect(rest.next(now: milliseconds(2000), isOpen: false) { 0 } == nil)

        var short = FileRest(now: .zero, sample: 0)
        short.changed(now: milliseconds(900))
        #expect(short.next(now: milliseconds(949), isOpen: false) { 0 } == milliseconds(950))
        #expect(short.next(now: milliseconds(950), isOpen: false) { 0 } == nil)
    }

    @Test func `A file that a writer has open is read after 2 s, or when it is closed`() {
        var rest = FileRest(now: .zero, sample: 0)
        #expect(rest.next(now: milliseconds(500), isOpen: true) { 0 } == milliseconds(2000))
        rest.changed(now: milliseconds(600))
        #expect(rest.next(now: milliseconds(600), isOpen: false) { 0 } == milliseconds(650))
        #expect(rest.next(now: milliseconds(2000), isOpen: true) { 0 } == nil)
    }

    @Test func `Changes without an event count as well`() {
        var rest = FileRest(now: .zero, sample: 0)
        var size = 0
        var now = Duration.zero
        var steps = 0
        while let next = rest.next(
            now: now,
            isOpen: false,
            current: {
                size += 1
                return size
            }
        ) {
            #expect(next > now)
            now = next
            steps += 1
        }
        #expect(now == milliseconds(2000) && steps == 40)
    }
}
