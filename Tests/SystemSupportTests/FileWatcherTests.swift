import Foundation
import Testing

@testable import SystemSupport

@Suite struct FileWatcherTests {
    @Test func `A folder that does not exist cannot be watched, and the error names it`() throws {
        #expect(throws: SystemError("/nonexistent/folder", errno: ENOENT)) {
            try FileWatcher(path: "/nonexistent/folder/file") {}
        }
        #expect("\(SystemError("/a", errno: ENOENT))" == "/a: No such file or directory")
    }

    @Test(.timeLimit(.minutes(1)))
    func `A file that is created, written or replaced is reported; another one is not`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (changes, report) = AsyncStream.makeStream(of: Void.self)
        let watcher = try FileWatcher(path: folder.appending(path: "file").path) { report.yield() }
        defer { watcher.stop() }
        var iterator = changes.makeAsyncIterator()
        try "one".write(to: folder.appending(path: "file"), atomically: false, encoding: .utf8)
        await iterator.next()
        try "two".write(to: folder.appending(path: "file"), atomically: true, encoding: .utf8)
        await iterator.next()
        try "x".write(to: folder.appending(path: "other"), atomically: false, encoding: .utf8)
        try FileManager.default.removeItem(at: folder.appending(path: "file"))
        await iterator.next()
        #expect(FileStamp(folder.appending(path: "file").path) == nil)
    }
}
