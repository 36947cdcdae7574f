import Foundation
import NIOCore
import NIOPosix
import Routing
import Testing

@testable import Names

@Suite struct WatchedFileTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }
        func write(_ text: String, to name: String) throws {
            // Atomic: a new file takes the old one's place, as editors do it.
            try text.write(to: url.appending(path: name), atomically: true, encoding: .utf8)
        }
        func path(_ name: String) -> String { url.appending(path: name).path }
    }

    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    @Test func `The first source that knows a name answers`() throws {
        let folder = try Folder()
        try folder.write("10.0.0.2 a b", to: "hosts")
        let address = try #require(IPAddress("10.0.0.1"))
        let directory = try NameDirectory(
            [
                .fixed(["a": [NamedAddress(address: address, port: 81)]]),
                .hostsFile(path: folder.path("hosts")),
            ],
            on: loop
        )
        #expect(directory.table.lookUp("a").resolved?.source == "static")
        #expect(directory.table.lookUp("a").resolved?.addresses == [NamedAddress(address: address, port: 81)])
        #expect(directory.table.lookUp("b").resolved?.source == "hosts_file \(folder.path("hosts"))")
        guard case .unknown = directory.table.lookUp("c") else {
            Issue.record("c is known")
            return
        }
    }

    @Test func `A hosts file that can't be read at the start is an error`() {
        #expect(throws: NameSourceError.self) {
            try NameDirectory([.hostsFile(path: "/nonexistent/hosts")], on: loop)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `A change of the file becomes a new table: replaced by a rename, and written in place`() async throws
    {
        let folder = try Folder()
        try folder.write("10.0.0.1 a", to: "hosts")
        let directory = try NameDirectory([.hostsFile(path: folder.path("hosts"))], on: loop)
        let (tables, news) = AsyncStream.makeStream(of: NameTableUpdate.self)
        directory.subscribe { news.yield($0) }
        directory.start()
        defer { directory.stop() }
        var next = tables.makeAsyncIterator()
        _ = await next.next()

        try folder.write("10.0.0.2 a", to: "hosts")
        var told = await next.next()
        #expect(told?.table.lookUp("a").resolved?.addresses.first?.address == IPAddress("10.0.0.2"))
        #expect(told?.changed == ["a"])

        let handle = try FileHandle(forWritingTo: folder.url.appending(path: "hosts"))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data("10.0.0.3 a\n".utf8))
        try handle.close()
        told = await next.next()
        #expect(told?.table.lookUp("a").resolved?.addresses.first?.address == IPAddress("10.0.0.3"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `What is half written is not read while its writer has it open`() async throws {
        let folder = try Folder()
        let other = try Folder()
        try folder.write("10.0.0.1 a", to: "hosts")
        try other.write("10.0.0.1 b", to: "hosts")
        let sources = [folder, other].map { NameSource.hostsFile(path: $0.path("hosts")) }
        let directory = try NameDirectory(sources, on: loop)
        let (tables, news) = AsyncStream.makeStream(of: NameTableUpdate.self)
        // With the first news the watch is there.
        directory.start()
        directory.subscribe { news.yield($0) }
        defer { directory.stop() }
        var next = tables.makeAsyncIterator()
        _ = await next.next()

        let handle = try FileHandle(forWritingTo: folder.url.appending(path: "hosts"))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data("10.0.0.2 ".utf8))
        let begun = ContinuousClock.now
        // Told later than the half would be.
        try other.write("10.0.0.2 b", to: "hosts")
        let first = await next.next()
        // On a machine that is busy with other tests the writer may seem to have forgotten the file.
        if ContinuousClock.now - begun < .seconds(1) {
            #expect(first?.table.lookUp("a").resolved?.addresses.first?.address == IPAddress("10.0.0.1"))
        }
        try handle.write(contentsOf: Data("a\n".utf8))
        try handle.close()
        while directory.table.lookUp("a").resolved?.addresses.first?.address != IPAddress("10.0.0.2") {
            _ = await next.next()
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `A file in another folder, behind a symbolic link, is followed when it is written`() async throws {
        let folder = try Folder()
        let other = try Folder()
        try other.write("10.0.0.1 a", to: "real")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("hosts"),
            withDestinationPath: other.path("real")
        )
        let directory = try NameDirectory([.hostsFile(path: folder.path("hosts"))], on: loop)
        let (tables, news) = AsyncStream.makeStream(of: NameTableUpdate.self)
        // With the first news the watch is there.
        directory.start()
        directory.subscribe { news.yield($0) }
        defer { directory.stop() }
        var next = tables.makeAsyncIterator()
        _ = await next.next()
        try other.write("10.0.0.22 a", to: "real")
        let told = await next.next()
        #expect(told?.table.lookUp("a").resolved?.addresses.first?.address == IPAddress("10.0.0.22"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `A file is read again on request, and a loss of most names is reported`() async throws {
        let folder = try Folder()
        try folder.write("10.0.0.1 a b c d\n10.0.0.2 e f", to: "hosts")
        let (events, report) = AsyncStream.makeStream(of: NameSourceEvent.self)
        let path = folder.path("hosts")
        let directory = try NameDirectory([.hostsFile(path: path)], on: loop) { report.yield($0) }
        let (tables, news) = AsyncStream.makeStream(of: NameTableUpdate.self)
        directory.start()
        directory.subscribe { news.yield($0) }
        defer { directory.stop() }
        for await _ in tables { break }
        try folder.write("10.0.0.1 a b", to: "hosts")
        directory.reread()
        for await event in events {
            guard case .warning(_, let text) = event else { continue }
            #expect(text == "\(path) lost most of its names: 2 of 6 are left")
            break
        }
        while directory.table.lookUp("f").resolved != nil { await Task.yield() }
    }

    @Test(.timeLimit(.minutes(1)))
    func `A file that goes away leaves the last names in force, and says so`() async throws {
        let folder = try Folder()
        try folder.write("10.0.0.1 a", to: "hosts")
        let (events, report) = AsyncStream.makeStream(of: NameSourceEvent.self)
        let path = folder.path("hosts")
        let directory = try NameDirectory([.hostsFile(path: path)], on: loop) { report.yield($0) }
        // With the first news the watch is there.
        let (tables, news) = AsyncStream.makeStream(of: NameTableUpdate.self)
        directory.start()
        directory.subscribe { news.yield($0) }
        defer { directory.stop() }
        for await _ in tables { break }
        try FileManager.default.removeItem(at: folder.url.appending(path: "hosts"))
        let label = "hosts_file \(path)"
        for await event in events {
            guard case .down = event else { continue }
            #expect(event == .down(source: label, reason: "No such file or directory", serving: 1))
            break
        }
        #expect(directory.table.lookUp("a").resolved != nil)
    }
}
