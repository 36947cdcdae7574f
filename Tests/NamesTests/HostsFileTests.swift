import Foundation
import Routing
import Synchronization
import Testing

@testable import Names

@Suite("Hosts files")
struct HostsFileTests {
    private func addresses(_ file: HostsFile, _ name: String) -> [String] {
        (file.names[name] ?? []).map { "\($0.address)" }
    }

    @Test("An address has several names, a name several addresses, in the file's order")
    func entries() {
        let file = HostsFile(
            text: """
                # the containers
                10.0.0.5\tcontainer001 Wordpress   # a comment
                10.0.0.6  container001
                ::1       six
                """
        )
        #expect(addresses(file, "container001") == ["10.0.0.5", "10.0.0.6"])
        #expect(addresses(file, "wordpress") == ["10.0.0.5"])
        #expect(addresses(file, "six") == ["::1"])
        #expect(file.problems.isEmpty)
    }

    @Test("A line that makes no sense is passed over and told of, with its number")
    func problems() {
        let file = HostsFile(text: "nonsense name\n10.0.0.1\n10.0.0.2 good\r\n")
        #expect(addresses(file, "good") == ["10.0.0.2"])
        #expect(file.problems == ["1: 'nonsense' is not an address", "2: the address has no name"])
    }

    @Test("The same address twice is one endpoint")
    func duplicates() {
        let file = HostsFile(text: "10.0.0.1 a a\n10.0.0.1 a\n")
        #expect(addresses(file, "a") == ["10.0.0.1"])
    }

    @Test("An empty file, and one without a last line end, can be read")
    func edges() {
        #expect(HostsFile(text: "").names.isEmpty)
        #expect(addresses(HostsFile(text: "10.0.0.1 a"), "a") == ["10.0.0.1"])
    }

    @Test("A file that is not there is an error that names it")
    func missing() {
        let error = #expect(throws: NameSourceError.self) { try HostsFile(path: "/nonexistent/hosts") }
        #expect(error?.description == "/nonexistent/hosts: No such file or directory")
    }
}

@Suite("The name directory")
struct NameDirectoryTests {
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

    @Test("The first source that knows a name answers")
    func order() throws {
        let folder = try Folder()
        try folder.write("10.0.0.2 a b", to: "hosts")
        let address = try #require(IPAddress("10.0.0.1"))
        let directory = try NameDirectory([
            .fixed(["a": [NamedAddress(address: address, port: 81)]]),
            .hostsFile(path: folder.path("hosts")),
        ])
        #expect(directory.table.lookUp("a")?.source == "static")
        #expect(directory.table.lookUp("a")?.addresses == [NamedAddress(address: address, port: 81)])
        #expect(directory.table.lookUp("b")?.source == "hosts_file \(folder.path("hosts"))")
        #expect(directory.table.lookUp("c") == nil)
    }

    @Test("A hosts file that can't be read at the start is an error")
    func unreadable() {
        #expect(throws: NameSourceError.self) { try NameDirectory([.hostsFile(path: "/nonexistent/hosts")]) }
    }

    @Test(
        "A change of the file becomes a new table: replaced by a rename, and written in place",
        .timeLimit(.minutes(1))
    )
    func watching() async throws {
        let folder = try Folder()
        try folder.write("10.0.0.1 a", to: "hosts")
        let directory = try NameDirectory([.hostsFile(path: folder.path("hosts"))])
        let (tables, news) = AsyncStream.makeStream(of: NameTable.self)
        directory.subscribe { news.yield($0) }
        directory.watch()
        defer { directory.stop() }
        var next = tables.makeAsyncIterator()

        try folder.write("10.0.0.2 a", to: "hosts")
        var table = await next.next()
        #expect(table?.lookUp("a")?.addresses.first?.address == IPAddress("10.0.0.2"))

        let handle = try FileHandle(forWritingTo: folder.url.appending(path: "hosts"))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data("10.0.0.3 a\n".utf8))
        try handle.close()
        table = await next.next()
        #expect(table?.lookUp("a")?.addresses.first?.address == IPAddress("10.0.0.3"))
    }

    @Test("A file that goes away leaves the last names in force, and says so", .timeLimit(.minutes(1)))
    func vanishing() async throws {
        let folder = try Folder()
        try folder.write("10.0.0.1 a", to: "hosts")
        let (failures, report) = AsyncStream.makeStream(of: String.self)
        let directory = try NameDirectory([.hostsFile(path: folder.path("hosts"))]) { event in
            if case .failed(_, let reason) = event { report.yield(reason) }
        }
        directory.watch()
        defer { directory.stop() }
        try FileManager.default.removeItem(at: folder.url.appending(path: "hosts"))
        var next = failures.makeAsyncIterator()
        let reason = await next.next()
        #expect(reason == "No such file or directory; the last names stay in force")
        #expect(directory.table.lookUp("a") != nil)
    }
}
