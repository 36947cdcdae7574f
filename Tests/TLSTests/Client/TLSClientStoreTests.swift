import Dispatch
import Glibc
import NIOConcurrencyHelpers
import Routing
import Testing

@testable import TLS

/// The files of `upstream_tls`: what is an error at the start, and what keeps the old one later.
@Suite struct TLSClientStoreTests {
    private let folder: TestFolder
    private let authority = TestAuthority()

    init() throws {
        folder = try TestFolder()
        try folder.write("ca.pem", authority.pem)
        try folder.write("client", authority.issue([], subject: "front tier"))
    }

    private var settings: UpstreamTLS {
        UpstreamTLS(
            authorities: folder["ca.pem"],
            certificate: .init(certificate: folder["client.pem"], key: folder["client.key"])
        )
    }

    private func problem(_ settings: UpstreamTLS, now: Int? = nil) -> String? {
        do {
            _ = try TLSClientStore([settings], now: now)
            return nil
        } catch {
            return error.problems.map(\.problem.description).joined(separator: "\n")
        }
    }

    @Test func `A client's certificate needs no name of a server`() throws {
        let store = try TLSClientStore([settings])
        let context = try #require(store[settings])
        #expect(
            context.certificate?.subject == "CN=front tier"
                && context.authorities?.authorities.map(\.name) == ["CN=test-ca"]
        )
        #expect(store[UpstreamTLS()] == nil)
    }

    @Test func `What cannot be used is an error with its file`() throws {
        try folder.write("empty.pem", "")
        try folder.write("cut.pem", String(authority.pem.dropLast(40)))
        try folder.write("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        let key = try folder.write("key.pem", authority.issue([]).key)
        for (file, text) in [
            ("missing.pem", "does not exist"), ("empty.pem", "is empty"), ("cut.pem", "has no end"),
            ("garbage.pem", "is not a valid certificate"), ("key.pem", "is a private key"),
        ] {
            let found = problem(UpstreamTLS(authorities: folder[file]))
            #expect(found?.contains(folder[file]) == true && found?.contains(text) == true, "\(found as Any)")
        }
        let foreign = UpstreamTLS(certificate: .init(certificate: folder["client.pem"], key: key))
        #expect(problem(foreign)?.contains("is not the key of the certificate") == true)
        // After the end of the authority.
        let late = time(nil) + 4000 * 86_400
        #expect(
            problem(UpstreamTLS(authorities: folder["ca.pem"]), now: late)?.contains("expired on") == true
        )
    }

    @Test func `Several authorities of one file are trusted`() throws {
        let other = TestAuthority(name: "other")
        try folder.write("both.pem", authority.pem + other.pem + authority.pem)
        let both = UpstreamTLS(authorities: folder["both.pem"])
        #expect(
            try TLSClientStore([both])[both]?.authorities?.authorities.map(\.name)
                == ["CN=test-ca", "CN=other"]
        )
    }

    @Test func `A file that changes is read again, and one that cannot be used keeps the old`() throws {
        let store = try TLSClientStore([settings])
        let first = try #require(store[settings])
        #expect(store.reload().isEmpty && store[settings] === first)
        try folder.write("ca.pem", "garbage")
        let problems = store.reload()
        #expect(problems.count == 1 && problems.first?.keepsOld == true)
        #expect(store[settings] === first && !first.isReplaced)
        #expect(store.all.first?.problem != nil)
        try folder.write("ca.pem", TestAuthority(name: "new").pem)
        #expect(store.reload().isEmpty)
        let second = try #require(store[settings])
        #expect(
            second.authorities?.authorities.map(\.name) == ["CN=new"] && first.isReplaced
                && !second.isReplaced
        )
        #expect(store.all.first?.problem == nil)
    }

    @Test func `The files are watched`() throws {
        let store = try TLSClientStore([settings])
        let arrived = DispatchSemaphore(value: 0)
        let watch = try CertificateWatch([store], interval: .milliseconds(5)) { _, problems in
            if problems.isEmpty { arrived.signal() }
        }
        defer { watch.stop() }
        try folder.write("ca.pem", TestAuthority(name: "new").pem)
        #expect(arrived.wait(timeout: .now() + 60) == .success)
        #expect(store[settings]?.authorities?.authorities.map(\.name) == ["CN=new"])
    }

    @Test func `Other rules bring other settings, and what runs keeps its own`() throws {
        let store = try TLSClientStore([settings])
        let old = try #require(store[settings])
        let other = UpstreamTLS(authorities: folder["ca.pem"])
        store.install(try store.prepare([other]))
        #expect(store[other] != nil && store[settings] === old)
        #expect(store.all.map(\.files) == [other])
        store.install(try store.prepare([other]))
        #expect(store[settings] == nil)
        let missing = UpstreamTLS(authorities: folder["missing.pem"])
        #expect(throws: FileStoreFailure<UpstreamTLS>.self) { try store.prepare([other, missing]) }
        #expect(store[other] != nil)
    }
}
