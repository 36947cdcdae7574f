import COpenSSL
import Routing
import ServerNames
import Testing

@testable import TLS

/// What handshakes demand of clients.
@Suite struct ClientCertificateHandshakeTests {
    private let folder: TestFolder
    private let staff = TestAuthority(name: "staff")
    private let guests = TestAuthority(name: "guests")
    private let store: ClientAuthorityStore

    init() throws {
        folder = try TestFolder()
        try folder.write("staff.pem", staff.pem)
        try folder.write("guests.pem", guests.pem)
        store = try ClientAuthorityStore([folder["staff.pem"], folder["guests.pem"]])
    }

    private func policy(_ names: [String], required: Bool = true) -> HostClientPolicy {
        HostClientPolicy(
            names.map { ClientCertificates(authorities: folder[$0 + ".pem"], isRequired: required) }
        )
    }

    private func bench(
        _ names: [String],
        required: Bool = true,
        show issued: TestAuthority.Issued?,
        version: Int32 = TLS1_3_VERSION,
        session: OpenSSLClient.Session? = nil,
        context: TLSContext? = nil
    ) throws -> TLSBench {
        let policy = policy(names, required: required)
        let authorities = policy.authorities.compactMap { store[$0] }
        let bench = try TLSBench(
            .init(version: version, session: session, certificate: issued),
            context: context
        ) { _ throws(TLSFailure) in
            policy.requestsCertificate ? ClientVerification(policy, authorities) : nil
        }
        bench.exchange()
        return bench
    }

    static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    @Test(arguments: versions)
    func `A certificate of the CA is known once the handshake has ended`(version: Int32) throws {
        let alice = staff.issue([], subject: "alice")
        let bench = try bench(["staff"], show: alice, version: version)
        let client = try #require(bench.established.first?.client)
        #expect(client.subject == Array("CN=alice".utf8) && client.fingerprint.count == 32)
        #expect(bench.established.count == 1 && bench.established.first?.policy == policy(["staff"]))
        #expect(client.isFrom(try #require(store[folder["staff.pem"]])))
        #expect(!client.isFrom(try #require(store[folder["guests.pem"]])))
    }

    @Test(arguments: versions)
    func `What the client lacks has a cause of its own`(version: Int32) throws {
        let cases: [(TestAuthority.Issued?, String)] = [
            (nil, "no_client_certificate"),
            (guests.issue([]), "unknown_client_ca"),
            (TestAuthority(name: "staff").issue([]), "bad_client_certificate"),
            (staff.issue([], days: -9 ... -1), "client_certificate_expired"),
            (staff.issue([], days: 1...9), "client_certificate_expired"),
            (staff.issue([], usage: "serverAuth"), "client_certificate_purpose"),
        ]
        for (issued, cause) in cases {
            let bench = try bench(["staff"], show: issued, version: version)
            #expect(bench.failures == [cause], "\(bench.ends)")
            #expect(bench.established.isEmpty && bench.owner.events.isEmpty && !bench.transport.isActive)
            _ = bench.client.read()
            #expect(bench.client.error != nil)
        }
    }

    @Test(arguments: versions)
    func `Where none is required, one that is sent has to be valid all the same`(version: Int32) throws {
        let none = try bench(["staff"], required: false, show: nil, version: version)
        #expect(none.established.count == 1 && none.established.first?.client == nil)
        let other = try bench(["staff"], required: false, show: guests.issue([]), version: version)
        #expect(other.established.isEmpty && other.failures == ["unknown_client_ca"])
    }

    @Test(arguments: versions)
    func `A host with two CAs accepts the certificates of both, and knows which one it is`(version: Int32)
        throws
    {
        for (own, other, name) in [(staff, guests, "staff"), (guests, staff, "guests")] {
            _ = other
            let bench = try bench(["staff", "guests"], show: own.issue([]), version: version)
            let client = try #require(bench.established.first?.client)
            for path in ["staff", "guests"] {
                #expect(client.isFrom(try #require(store[folder[path + ".pem"]])) == (path == name))
            }
        }
        let none = try bench(["staff", "guests"], show: nil, version: version)
        #expect(none.established.count == 1 && none.established.first?.policy.isRequired == false)
    }

    @Test(arguments: versions)
    func `No session passes from one policy to another, and none is made under a policy`(version: Int32)
        throws
    {
        let context = try TLSContext()
        let alice = staff.issue([])
        func bench(_ names: [String], _ session: OpenSSLClient.Session?) throws -> TLSBench {
            try self.bench(
                names,
                required: false,
                show: alice,
                version: version,
                session: session,
                context: context
            )
        }
        let open = try bench([], nil)
        open.respond("x")
        open.exchange()
        _ = open.client.read()
        let session = try #require(open.client.session)
        let again = try bench([], session)
        #expect(again.client.isResumed && again.established.first?.client == nil)
        let known = try bench(["staff"], session)
        #expect(!known.client.isResumed && known.established.first?.client != nil)
        known.respond("x")
        known.exchange()
        _ = known.client.read()
        let made = known.client.session
        for names in [[], ["staff"], ["staff", "guests"]] {
            let next = try bench(names, made)
            #expect(next.client.isConnected && !next.client.isResumed)
            #expect((next.established.first?.client != nil) == !names.isEmpty)
        }
    }

    @Test func `A handshake does not begin without the CAs that it needs`() throws {
        let bench = try TLSBench { _ throws(TLSFailure) in throw TLSFailure("client_ca_missing", "none") }
        bench.exchange()
        #expect(bench.failures == ["client_ca_missing"] && !bench.client.isConnected)
        let none = try TLSBench { [policy = policy(["staff"])] _ throws(TLSFailure) in
            ClientVerification(policy, [])
        }
        none.exchange()
        #expect(none.established.isEmpty && !none.client.isConnected)
    }

    @Test func `A subject is written in ASCII, whatever it has`() throws {
        let bench = try bench(["staff"], show: staff.issue([], subject: "a,b=\u{e9}\r\nX: y\u{7f}"))
        let subject = try #require(bench.established.first?.client?.subject)
        #expect(
            String(decoding: subject, as: UTF8.self) == "CN=a\\,b=\\C3\\83\\C2\\A9\\0D\\0AX: y\\7F"
        )
    }

    @Test(arguments: versions)
    func `The names of as many CAs as a file may have are sent`(version: Int32) throws {
        let others = (1..<TrustedAuthorities.Peers.clients.maxCount).map { number in
            TestAuthority(name: String(repeating: "n", count: 60) + "\(number)").pem
        }
        try folder.write("staff.pem", others.joined() + staff.pem)
        #expect(store.reload().isEmpty)
        let bench = try bench(["staff"], show: staff.issue([]), version: version)
        #expect(bench.client.isConnected && bench.established.first?.client != nil)
    }

    @Test func `A client has the names of its certificate, and its subject`() throws {
        let names = [
            "DNS:Laptop.staff.test.priv", "DNS:*.wild.test.priv", "email:Alice@test.priv",
            "URI:spiffe://test.priv/alice",
            "IP:10.0.0.1",
        ]
        let bench = try bench(["staff"], show: staff.issue(names, subject: "alice"))
        let client = try #require(bench.established.first?.client)
        for name in [
            "CN=alice", "laptop.staff.test.priv", "LAPTOP.staff.test.priv", "*.staff.test.priv",
            "*.STAFF.test.priv",
            "Alice@test.priv", "spiffe://test.priv/alice",
        ] {
            #expect(client.has(name), "\(name)")
        }
        for name in [
            "alice", "CN=Alice", "CN=alice,O=x", "staff.test.priv", "*.test.priv", "*.laptop.staff.test.priv",
            "a.wild.test.priv", "*.wild.test.priv",
            "alice@test.priv", "spiffe://test.priv/", "spiffe://test.priv/alice2", "10.0.0.1", "*", "*.", "",
        ] {
            #expect(!client.has(name), "\(name)")
        }
        let other = try self.bench(["staff"], show: staff.issue(["DNS:spiffe"], subject: "bob"))
        #expect(other.established.first?.client?.has("CN=alice") == false)
    }
}
