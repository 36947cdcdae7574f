import Routing
import Testing

@testable import Names

@Suite struct HostsFileTests {
    private func addresses(_ file: HostsFile, _ name: String) -> [String] {
        (file.names[name] ?? []).map { "\($0.address)" }
    }

    @Test func `An address has several names, a name several addresses, in the file's order`() {
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

    @Test func `A line that makes no sense is passed over and told of, with its number`() {
        let file = HostsFile(text: "nonsense name\n10.0.0.1\n10.0.0.2 good\r\n")
        #expect(addresses(file, "good") == ["10.0.0.2"])
        #expect(file.problems == ["1: 'nonsense' is not an address", "2: the address has no name"])
    }

    @Test func `Of many malformed lines the first ones are reported, each briefly`() {
        let file = HostsFile(text: String(repeating: String(repeating: "x", count: 1000) + "\n", count: 500))
        #expect(file.problems.count == HostsFile.maxProblems && file.malformed == 500)
        #expect(file.problems.allSatisfy { $0.utf8.count < 100 })
    }

    @Test func `The same address twice is one endpoint`() {
        let file = HostsFile(text: "10.0.0.1 a a\n10.0.0.1 a\n")
        #expect(addresses(file, "a") == ["10.0.0.1"])
    }

    @Test func `An empty file, and one without a last line end, can be read`() {
        #expect(HostsFile(text: "").names.isEmpty)
        #expect(addresses(HostsFile(text: "10.0.0.1 a"), "a") == ["10.0.0.1"])
    }

    @Test func `A file that is not there is an error that names it`() {
        let error = #expect(throws: NameSourceError.self) { try HostsFile(path: "/nonexistent/hosts") }
        #expect(error?.description == "/nonexistent/hosts: No such file or directory")
    }
}
