import COpenSSL
import Testing

@testable import TLS

/// Files of CAs: what is in force, and what stops a start.
@Suite struct ClientAuthoritiesTests {
    private let folder: TestFolder
    private let authority = TestAuthority(name: "staff")

    init() throws {
        folder = try TestFolder()
    }

    private static var now: Int { CertificateStoreTests.now }

    private func store(_ names: String...) throws -> ClientAuthorityStore {
        try ClientAuthorityStore(Set(names.map { folder[$0] }), now: Self.now)
    }

    private func problem(_ name: String) throws -> String {
        let failure = #expect(throws: CertificateFailure.self) { _ = try store(name) }
        return try #require(failure).description.replacing(folder.path + "/", with: "")
    }

    @Test func `A file has one CA or several`() throws {
        try folder.write("one.pem", authority.pem)
        try folder.write("two.pem", "# ours\n" + authority.pem + TestAuthority(name: "guests").pem)
        let store = try store("one.pem", "two.pem")
        #expect(
            store[folder["two.pem"]]?.authorities.map(\.name) == ["CN=staff", "CN=guests"]
        )
        #expect(store[folder["one.pem"]]?.authorities.map(\.name) == ["CN=staff"])
        #expect(store[folder["one.pem"]]?.authorities.first?.keyKind == "EC 256")
        #expect(store[folder["three.pem"]] == nil && store.all.allSatisfy { $0.problem == nil })
    }

    @Test func `What cannot be used is named, with its line`() throws {
        let client = authority.issue(["DNS:client"])
        #expect(try problem("absent.pem") == "absent.pem: does not exist")
        for (text, expected) in [
            ("", "a.pem: is empty"),
            ("garbage", "a.pem: is not a certificate in PEM form"),
            ("\0\u{1}", "a.pem: is not a certificate in PEM form"),
            (String(authority.pem.dropLast(40)), "a.pem:1: the block `CERTIFICATE` has no end"),
            (
                authority.pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "a.pem:11: is not a valid certificate"
            ),
            (client.key, "a.pem:1: is a private key, not the certificate of a CA"),
            (authority.pem + client.key, "a.pem:11: is a private key, not the certificate of a CA"),
            (client.certificate, "a.pem:1: is not the certificate of a CA"),
            (TestAuthority(isAuthority: false).pem, "a.pem:1: is not the certificate of a CA"),
        ] {
            try folder.write("a.pem", text)
            let lines = authority.pem.split(separator: "\n").count
            #expect(try problem("a.pem") == expected.replacing(":11:", with: ":\(lines + 1):"))
        }
        try folder.write("b/c.pem", authority.pem)
        #expect(try problem("b").hasPrefix("b: cannot be read"))
    }

    @Test func `CAs that have all expired stop the start, and one of several does not`() throws {
        let old = TestAuthority(name: "old", days: -9 ... -2)
        try folder.write("a.pem", old.pem)
        #expect(try problem("a.pem").hasPrefix("a.pem:1: expired on "))
        try folder.write("a.pem", TestAuthority(name: "new", days: 2...9).pem)
        #expect(try problem("a.pem").hasPrefix("a.pem:1: is not valid before "))
        try folder.write("a.pem", old.pem + authority.pem)
        #expect(try store("a.pem")[folder["a.pem"]]?.authorities.count == 2)
    }

    @Test func `There is a limit for the CAs of a file`() throws {
        let text = String(repeating: authority.pem, count: 100)
        try folder.write("a.pem", text)
        // Those that are there more than once are kept once.
        #expect(try store("a.pem")[folder["a.pem"]]?.authorities.count == 1)
        try folder.write("a.pem", text + authority.pem)
        #expect(try problem("a.pem") == "a.pem: has more than 100 certificates")
    }

    @Test func `Every file that cannot be used is named at once`() throws {
        try folder.write("b.pem", "")
        let failure = #expect(throws: CertificateFailure.self) { _ = try store("a.pem", "b.pem") }
        #expect(failure?.problems.count == 2)
    }

    @Test(arguments: ["", "garbage", nil] as [String?])
    func `A reload keeps what it cannot read anew, and says so until it can`(text: String?) throws {
        try folder.write("a.pem", authority.pem)
        let store = try store("a.pem")
        let before = store[folder["a.pem"]]
        #expect(store.reload(everything: false, now: Self.now).isEmpty && store[folder["a.pem"]] === before)
        if let text { try folder.write("a.pem", text) } else { try folder.remove("a.pem") }
        for _ in 0..<2 {
            let problems = store.reload(everything: false, now: Self.now)
            #expect(problems.count == 1 && problems.first?.keepsOld == true)
            #expect(store.all.map(\.problem) == problems && store[folder["a.pem"]] === before)
        }
        try folder.write("a.pem", TestAuthority(name: "guests").pem)
        #expect(store.reload(everything: false, now: Self.now).isEmpty && store.all.first?.problem == nil)
        #expect(store[folder["a.pem"]]?.authorities.map(\.name) == ["CN=guests"])
    }

    @Test func `New rules name other files: all can be read, or none comes into force`() throws {
        try folder.write("a.pem", authority.pem)
        try folder.write("b.pem", TestAuthority(name: "guests").pem)
        let store = try store("a.pem")
        #expect(throws: CertificateFailure.self) {
            _ = try store.prepare([folder["b.pem"], folder["c.pem"]], now: Self.now)
        }
        #expect(store[folder["b.pem"]] == nil)
        let prepared = try store.prepare([folder["b.pem"]], now: Self.now)
        #expect(store[folder["b.pem"]] == nil)
        store.install(prepared)
        #expect(store.all.map(\.files.path) == [folder["b.pem"]])
        // Requests that run need those before.
        #expect(store[folder["a.pem"]] != nil)
        store.install(try store.prepare([folder["b.pem"]], now: Self.now))
        #expect(store[folder["a.pem"]] == nil && store[folder["b.pem"]] != nil)
    }
}
