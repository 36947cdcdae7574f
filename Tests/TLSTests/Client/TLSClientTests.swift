import COpenSSL
import Glibc
import NIOCore
import NIOEmbedded
import Routing
import ServerNames
import Settings
import Testing

@testable import TLS

/// The client's side: who the server has to be, and how a handshake with another one ends.
@Suite struct TLSClientTests {
    private let folder: TestFolder
    private let authority = TestAuthority()

    init() throws {
        folder = try TestFolder()
        try folder.write("ca.pem", authority.pem)
    }

    private func context(
        _ settings: UpstreamTLS? = nil
    ) throws -> TLSClientContext {
        try (settings ?? UpstreamTLS(authorities: folder["ca.pem"])).read(now: time(nil))
    }

    private func server(
        _ names: [String] = ["DNS:web_1.test.priv"],
        by issuer: TestAuthority? = nil
    ) throws -> CertificateSettings.Pair {
        try write((issuer ?? authority).issue(names))
    }

    private func write(_ issued: TestAuthority.Issued) throws -> CertificateSettings.Pair {
        try folder.write("server", issued)
        return .init(certificate: folder["server.pem"], key: folder["server.key"])
    }

    // MARK: Success

    @Test func `A request and a response pass, by the protocol that was offered`() throws {
        let bench = try ClientBench(try server(), try context())
        bench.exchange()
        #expect(bench.failure == nil && bench.transport?.negotiatedProtocol == "http/1.1")
        bench.request("GET /")
        bench.exchange()
        #expect(bench.serverOwner.text == "GET /")
        bench.respond("200 OK")
        bench.exchange()
        #expect(bench.clientOwner.text == "200 OK" && bench.clientOwner.events.isEmpty)
        #expect(bench.serverEnds.first?.serverName?.description == "web_1.test.priv")
    }

    @Test func `What the server sends may be cut at any byte`() throws {
        let files = try server()
        let context = try context()
        let whole = try ClientBench(files, context)
        var count = 0
        whole.exchange { bytes in
            count = max(count, bytes.count)
            return [bytes]
        }
        #expect(count > 500)
        for cut in stride(from: 1, to: count, by: 7) {
            let bench = try ClientBench(files, context)
            bench.exchange { cut < $0.count ? [Array($0[..<cut]), Array($0[cut...])] : [$0] }
            #expect(bench.transport != nil, "cut at \(cut): \(bench.failure as Any)")
        }
        let single = try ClientBench(files, context)
        single.exchange { $0.map { [$0] } }
        #expect(single.transport != nil)
    }

    @Test(
        arguments: [
            ("web_1.test.priv", "DNS:web_1.test.priv"), ("WEB_1.test.priv", "DNS:web_1.test.priv"),
            // OpenSSL finds no underscore in a wildcard.
            ("wordpress_container001_01.test.priv", "DNS:*.test.priv"),
            ("host_01", "DNS:host_01"), ("127.0.0.1", "IP:127.0.0.1"), ("::1", "IP:::1"),
        ]
    )
    func `A name of the certificate covers the server's`(name: String, of certificate: String) throws {
        let bench = try ClientBench(try server([certificate]), try context(), name: name)
        bench.exchange()
        #expect(bench.transport != nil, "\(bench.failure as Any)")
    }

    @Test func `Verification can be turned off`() throws {
        let bench = try ClientBench(
            try write(TestAuthority.selfSigned(["DNS:elsewhere.example"])),
            try context(UpstreamTLS(verifies: false))
        )
        bench.exchange()
        #expect(bench.transport != nil)
    }

    // MARK: Another server

    @Test(
        arguments: [
            ("web_1.test.priv", "DNS:web_2.test.priv"), ("a.b.test.priv", "DNS:*.test.priv"),
            ("test.priv", "DNS:*.test.priv"), ("web_1.test.priv", "DNS:web*.test.priv"),
            // An address is not a name, and the other way round (RFC 9525 §6.2).
            ("127.0.0.1", "DNS:127.0.0.1"), ("127.0.0.2", "IP:127.0.0.1"),
            ("web_1.test.priv", "IP:127.0.0.1"),
        ]
    )
    func `A certificate for other names is refused with both`(name: String, of certificate: String) throws {
        let context = try context()
        let pair = try write(authority.issue([certificate, "DNS:other.test.priv"]))
        let bench = try ClientBench(pair, context, name: name)
        bench.exchange()
        let failure = try #require(bench.failure)
        #expect(failure.word == "name_mismatch" && failure.kind == .certificate)
        #expect(failure.detail.contains("other.test.priv") && failure.detail.hasSuffix("wanted: \(name)"))
        // The server learns of it, and gets no request.
        #expect(bench.serverOwner.received.isEmpty && !bench.client.isActive)
    }

    @Test func `A name in the subject counts for nothing`() throws {
        let context = try context()
        let bench = try ClientBench(
            try write(authority.issue([], subject: "web_1.test.priv")),
            context
        )
        bench.exchange()
        #expect(bench.failure?.word == "name_mismatch")
        #expect(bench.failure?.detail.contains("no name in its subjectAltName") == true)
    }

    @Test func `An authority that is not trusted is named`() throws {
        let stranger = TestAuthority(name: "stranger")
        let bench = try ClientBench(try server(by: stranger), try context())
        bench.exchange()
        #expect(bench.failure?.word == "unknown_issuer" && bench.failure?.kind == .certificate)
        #expect(bench.failure?.detail.contains("CN=stranger") == true, "\(bench.failure as Any)")
        // The system's authorities do not have ours either.
        let system = try ClientBench(try server(), try context(UpstreamTLS()))
        system.exchange()
        #expect(system.failure?.word == "unknown_issuer")
    }

    @Test func `A certificate that its own key has signed is refused, unless it is trusted`() throws {
        let issued = TestAuthority.selfSigned(["DNS:web_1.test.priv"])
        let files = try write(issued)
        let bench = try ClientBench(files, try context())
        bench.exchange()
        #expect(bench.failure?.word == "self_signed", "\(bench.failure as Any)")
        let trusting = try ClientBench(files, try context(UpstreamTLS(authorities: files.certificate)))
        trusting.exchange()
        #expect(trusting.transport != nil, "\(trusting.failure as Any)")
    }

    @Test func `A certificate out of its time is refused with its end`() throws {
        // A listener loads none that has expired: OpenSSL's server does.
        for (days, word, text) in [
            (-10 ... -1, "certificate_expired", "expired on 20"),
            (2...9, "certificate_not_yet_valid", "is not valid before 20"),
        ] {
            let issued = authority.issue(["DNS:web_1.test.priv"], days: days)
            let failure = try failure(with: issued)
            #expect(failure?.word == word && failure?.detail.contains(text) == true, "\(failure as Any)")
            #expect(failure?.kind == .certificate)
        }
    }

    /// What a client makes of OpenSSL's server with a certificate.
    private func failure(with issued: TestAuthority.Issued) throws -> TLSFailure? {
        let context = try context()
        let memory = TLSMemory()
        let check = PeerCheck("web_1.test.priv", context)
        let stream = try TLSStream(context, to: check, protocols: ["http/1.1"], session: nil, memory)
        let server = try #require(OpenSSLServer(issued))
        var output = ByteBuffer()
        _ = stream.receive(ByteBuffer(), output: &output)
        for _ in 0..<10 {
            let reply = server.accept(Array(output.readableBytesView))
            output.clear()
            if case .failed(let failure) = stream.receive(ByteBuffer(bytes: reply), output: &output) {
                #expect(output.readableBytes > 0, "the server receives an alert")
                return failure
            }
            if stream.isEstablished { return nil }
        }
        return nil
    }

    // MARK: No TLS

    @Test(
        arguments: [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", "not_tls"), ("220 mail.test.priv ESMTP\r\n", "not_tls"),
            ("\u{17}\u{3}\u{3}\u{0}\u{5}hello", "not_tls"),
        ]
    )
    func `Plain bytes in place of a handshake are an error`(text: String, word: String) throws {
        let bench = try ClientBench(try server(), try context())
        bench.client.arrive(Array(text.utf8))
        #expect(bench.failure?.word == word && bench.failure?.kind == .handshake)
        #expect(bench.failure?.detail.hasPrefix("the endpoint does not use TLS") == true)
        #expect(!bench.client.isActive)
    }

    @Test func `Plain bytes beside the handshake are an error`() throws {
        let bench = try ClientBench(try server(), try context())
        bench.server.arrive(bench.client.takeSent())
        bench.loop.run()
        bench.client.arrive(bench.server.takeSent() + Array("HTTP/1.1 200 OK\r\n\r\n".utf8))
        #expect(bench.failure != nil && bench.transport == nil, "\(bench.failure as Any)")
    }

    @Test func `Data before the first request is an error`() throws {
        // In TLS 1.2 the server has the last word in the handshake: the client has both at once.
        let server = try TLSContext()
        SSL_CTX_ctrl(server.pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        let bench = try ClientBench(try self.server(), try context(), server: server)
        bench.server.arrive(bench.client.takeSent())
        bench.loop.run()
        bench.respond("HTTP/1.1 200 OK\r\n\r\n")
        bench.exchange()
        #expect(bench.clientOwner.received.isEmpty && bench.failure?.word == "early_data")
    }

    @Test func `A server that goes is told apart from one that refuses`() throws {
        let bench = try ClientBench(try server(), try context())
        bench.client.endInput()
        #expect(bench.failure?.word == "cut_off")
        let protocols = try ClientBench(try server(), try context(), protocols: ["other/1"])
        protocols.exchange()
        #expect(
            protocols.failure?.kind == .alert && protocols.failure?.word == "alert_no_application_protocol"
        )
    }

    @Test func `A handshake that takes too long ends`() throws {
        let bench = try ClientBench(try server(), try context())
        bench.loop.advanceTime(by: .seconds(4))
        #expect(!bench.isLate && bench.client.isActive)
        bench.loop.advanceTime(by: .seconds(2))
        #expect(bench.isLate && !bench.client.isActive)
    }

    @Test func `Bytes of a server that are changed never lead to a connection`() throws {
        let (files, context) = (try server(), try context())
        for position in stride(from: 0, to: 900, by: 13) {
            let bench = try ClientBench(files, context)
            var passed = 0
            bench.exchange { bytes in
                defer { passed += bytes.count }
                guard (passed..<(passed + bytes.count)).contains(position) else { return [bytes] }
                var changed = bytes
                changed[position - passed] ^= 0x41
                return [changed]
            }
            // A byte of a record's version, which has no meaning, may be changed without effect.
            let isRefused = bench.failure != nil && !bench.client.isActive
            #expect(isRefused || bench.transport != nil || bench.serverEnds.isEmpty, "byte \(position)")
            #expect(bench.clientOwner.received.isEmpty)
        }
    }

    // MARK: Sessions

    @Test func `A session is resumed with the same settings and name alone`() throws {
        let files = try server(["DNS:web_1.test.priv", "DNS:web_2.test.priv"])
        let (context, sessions, server) = (try context(), TLSSessionSlot(), try TLSContext())
        let first = try ClientBench(files, context, sessions: sessions, server: server)
        first.exchange()
        #expect(first.transport != nil && !first.isResumed && sessions.session != nil)
        let second = try ClientBench(files, context, sessions: sessions, server: server)
        second.exchange()
        #expect(second.transport != nil && second.isResumed)
        let otherName = try ClientBench(
            files,
            context,
            name: "web_2.test.priv",
            sessions: sessions,
            server: server
        )
        otherName.exchange()
        #expect(otherName.transport != nil && !otherName.isResumed)
        let otherContext = try ClientBench(files, try self.context(), sessions: sessions, server: server)
        otherContext.exchange()
        #expect(otherContext.transport != nil && !otherContext.isResumed)
    }
}
