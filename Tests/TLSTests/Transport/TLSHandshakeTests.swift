import COpenSSL
import NIOCore
import NIOEmbedded
import ServerNames
import Settings
import Testing

@testable import TLS

/// Handshakes: which certificate, which session, and how they fail.
@Suite struct TLSHandshakeTests {
    @Test func `The name chooses the certificate, the more specific one first`() throws {
        let store = try TestPairs.store([.star, .other, .rsa])
        for (name, pair) in [
            ("www.test.priv", TestPairs.Pair.star), ("WWW.Test.Priv", .star), ("www.test.priv.", .star),
            ("other.test.priv", .other), ("rsa.test.priv", .rsa), ("127.0.0.1", .rsa),
        ] {
            let bench = try TLSBench(.init(name: name), store: store)
            bench.exchange()
            let files = try pair.files()
            let expected = store.certificates.first { $0.files == files }?.fingerprint
            #expect(bench.client.fingerprint == expected, "\(name): \(bench.ends)")
        }
    }

    @Test func `A name without a certificate is refused by an alert, unless there is a default`() throws {
        for name in ["www.elsewhere.example", nil, "a.b.test.priv"] as [String?] {
            let bench = try TLSBench(.init(name: name))
            bench.exchange()
            #expect(
                bench.client.error == "tlsv1 unrecognized name"
                    || bench.client.error?.contains("unrecognized name") == true,
                "\(name ?? "-"): \(bench.client.error ?? "-")"
            )
            #expect(
                bench.failures == ["unknown_name"] && bench.pipe.isOutputClosed && !bench.transport.isActive
            )
            bench.pipe.endInput()
            #expect(bench.owner.events == ["failed"])

            let store = try TestPairs.store(defaultName: "other.test.priv")
            let other = try TLSBench(.init(name: name), store: store)
            other.exchange()
            #expect(
                other.client.isConnected && other.client.fingerprint == store.defaultCertificate?.fingerprint
            )
        }
    }

    @Test func `A handshake under way keeps the certificate that it began with`() throws {
        let bench = try TLSBench()
        bench.client.connect()
        let hello = bench.client.takeOutput()
        bench.pipe.arrive(Array(hello.dropLast()))
        #expect(bench.transport.isOpening)
        bench.pipe.arrive([hello[hello.count - 1]])
        bench.client.feed(bench.pipe.takeSent())
        bench.exchange()
        #expect(bench.client.isConnected && !bench.transport.isOpening)
    }

    // MARK: Protocols

    @Test func `HTTP/1.1 is chosen among what the client offers`() throws {
        let both = try TLSBench(.init(protocols: ["h2", "http/1.1"]))
        both.exchange()
        #expect(both.client.chosenProtocol == "http/1.1")
        let none = try TLSBench()
        none.exchange()
        #expect(none.client.isConnected && none.client.chosenProtocol == "")
        let other = try TLSBench(.init(protocols: ["h2", "acme-tls/1"]))
        other.exchange()
        #expect(!other.client.isConnected && other.failures == ["no_application_protocol"])
        #expect(other.client.error?.contains("no application protocol") == true)
    }

    @Test func `Old versions and ciphers are refused with their cause`() throws {
        let old = try TLSBench(.init(version: TLS1_1_VERSION, ciphers: "ALL:@SECLEVEL=0"))
        old.exchange()
        #expect(old.failures == ["old_version"], "\(old.ends) \(old.client.error ?? "-")")
        let weak = try TLSBench(.init(version: TLS1_2_VERSION, ciphers: "AES128-SHA"))
        weak.exchange()
        #expect(weak.failures == ["no_shared_cipher"], "\(weak.ends)")
        let rsaOnly = try TLSBench(.init(version: TLS1_2_VERSION, ciphers: "ECDHE-RSA-AES128-GCM-SHA256"))
        rsaOnly.exchange()
        #expect(rsaOnly.failures == ["no_shared_cipher"], "the certificate has an EC key")
    }

    @Test(arguments: [
        ("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    ])
    func `The client's order of suites counts`(offered: String, chosen: String) throws {
        let bench = try TLSBench(.init(version: TLS1_2_VERSION, ciphers: offered))
        bench.exchange()
        #expect(bench.client.cipher == chosen)
    }

    // MARK: Sessions

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `A session is resumed by a ticket, and only with the same certificate and policy`(version: Int32)
        throws
    {
        let context = try TLSContext()
        let store = try TestPairs.store()
        func connect(_ name: String, _ session: OpenSSLClient.Session?, _ context: TLSContext) throws
            -> TLSBench
        {
            let bench = try TLSBench(
                .init(name: name, version: version, session: session),
                context: context,
                store: store
            )
            bench.exchange()
            bench.respond("x")
            bench.exchange()
            _ = bench.client.read()
            #expect(bench.client.isConnected)
            return bench
        }
        let first = try connect("www.test.priv", nil, context)
        #expect(!first.client.isResumed)
        let session = first.client.session
        let again = try connect("www.test.priv", session, context)
        #expect(again.client.isResumed)
        guard case .established(_, _, true)? = again.ends.first?.outcome else {
            Issue.record("\(again.ends)")
            return
        }
        // The same name with another certificate.
        let replaced = try TestPairs.store([.rsa], defaultName: "rsa.test.priv")
        let rotated = try TLSBench(
            .init(name: "www.test.priv", version: version, session: session),
            context: context,
            store: replaced
        )
        rotated.exchange()
        #expect(rotated.client.isConnected && !rotated.client.isResumed)
        #expect(rotated.client.fingerprint == replaced.certificates.first?.fingerprint)
        // Another policy has other keys, and another scope.
        let strict = try connect("www.test.priv", session, try TLSContext(TLSPolicy(name: "strict")))
        #expect(!strict.client.isResumed)
    }

    @Test func `The scope of sessions depends on the policy and on the certificate`() throws {
        let store = try TestPairs.store([.star, .other])
        let certificates = store.certificates
        let scopes = Set(
            [TLSPolicy.anyClient, TLSPolicy(name: "strict")].flatMap { policy in
                certificates.map { SessionScope.of(policy, $0) }
            }
        )
        #expect(scopes.count == 4 && scopes.allSatisfy { $0.count == 32 })
    }

    @Test func `Ticket keys are replaced, and the last one is kept for a while`() throws {
        let keys = TicketKeys()
        let start = NIODeadline.uptimeNanoseconds(1)
        let first = try #require(keys.newest(now: start))
        #expect(keys.newest(now: start + .hours(11)) == first)
        let second = try #require(keys.newest(now: start + .hours(12)))
        #expect(second != first && second.name.count == 16)
        func find(_ key: TicketKeys.Key, _ now: NIODeadline) -> Bool? {
            key.name.withUnsafeBufferPointer { keys.find($0, now: now)?.isNewest }
        }
        #expect(find(first, start + .hours(13)) == false)
        #expect(find(second, start + .hours(13)) == true)
        #expect(find(first, start + .hours(24)) == nil)
        _ = keys.newest(now: start + .hours(100))
        #expect(find(second, start + .hours(100)) == nil)
    }

    // MARK: What is not a handshake

    @Test func `HTTP without TLS gets a response that says so`() throws {
        let bench = try TLSBench()
        bench.pipe.arrive(Array("GET / HTTP/1.1\r\nHost: www.test.priv\r\n\r\n".utf8))
        let text = String(decoding: bench.pipe.takeSent(), as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && text.contains("https://"))
        #expect(bench.failures == ["plain_http"] && bench.pipe.isOutputClosed)
        bench.pipe.arrive(Array("more".utf8))
        bench.pipe.endInput()
        #expect(bench.owner.received.isEmpty && bench.owner.events == ["failed"])
    }

    @Test func `Garbage, and a client that leaves, end with their cause`() throws {
        let garbage = try TLSBench()
        garbage.pipe.arrive([0, 1, 2, 3, 4, 5, 6, 7])
        #expect(garbage.failures.count == 1 && garbage.pipe.takeSent().isEmpty && garbage.pipe.isOutputClosed)

        let empty = try TLSBench()
        empty.pipe.endInput()
        #expect(empty.failures == ["no_hello"] && empty.owner.events == ["failed"])

        for count in [1, 5, 100] {
            let cut = try TLSBench()
            cut.client.connect()
            cut.pipe.arrive(Array(cut.client.takeOutput().prefix(count)))
            cut.pipe.endInput()
            #expect(cut.failures == ["cut_off"] && cut.owner.events == ["failed"])
        }
        let late = try TLSBench()
        late.client.connect()
        late.pipe.arrive(late.client.takeOutput())
        late.pipe.endInput()
        #expect(late.failures == ["cut_off"] && late.owner.events == ["failed"])
    }

    @Test func `A stalled handshake that its owner ends is reported once`() throws {
        let bench = try TLSBench()
        bench.client.connect()
        bench.pipe.arrive(Array(bench.client.takeOutput().prefix(50)))
        bench.transport.close()
        bench.transport.close()
        #expect(bench.failures == ["abandoned"] && !bench.pipe.isActive && bench.owner.events.isEmpty)
    }

    @Test func `A client that was refused has some seconds to read why, and may not send without end`() throws
    {
        let refused: [UInt8] = [22, 3, 1, 0, 4, 2, 0, 0, 0]
        let slow = try TLSBench()
        slow.pipe.arrive(refused)
        #expect(slow.failures == ["not_hello"] && slow.pipe.isOutputClosed && slow.pipe.isActive)
        #expect(slow.pipe.takeSent().suffix(2) == [2, 10])
        slow.loop.advanceTime(by: .milliseconds(4900))
        #expect(slow.pipe.isActive && slow.owner.events.isEmpty)
        slow.loop.advanceTime(by: .milliseconds(200))
        #expect(!slow.pipe.isActive && slow.owner.events == ["failed"])
        let fast = try TLSBench()
        fast.pipe.arrive(refused)
        for _ in 0..<16 { fast.pipe.arrive([UInt8](repeating: 0, count: 64 << 10)) }
        #expect(fast.pipe.isActive)
        fast.pipe.arrive([0])
        #expect(!fast.pipe.isActive && fast.owner.events == ["failed"])
        let gone = try TLSBench()
        gone.pipe.arrive(refused)
        gone.pipe.endInput()
        gone.loop.advanceTime(by: .seconds(6))
        #expect(!gone.pipe.isActive && gone.owner.events.count == 1)
    }

    @Test func `A client that rejects the certificate is reported with its alert`() throws {
        let bench = try TLSBench(.init(version: TLS1_2_VERSION))
        bench.client.connect()
        bench.pipe.arrive(bench.client.takeOutput())
        _ = bench.pipe.takeSent()
        // A fatal alert: unknown_ca.
        bench.pipe.arrive([21, 3, 3, 0, 2, 2, 48])
        #expect(bench.failures == ["client_alert"])
        guard case .failed(let failure)? = bench.ends.first?.outcome else { return }
        #expect(failure.detail.contains("48") && failure.detail.contains("unknown ca"), "\(failure.detail)")
    }

    @Test func `Any hello of random bytes ends without a trap`() throws {
        for seed in 0..<300 {
            let bench = try TLSBench()
            bench.client.connect()
            var hello = bench.client.takeOutput()
            let place = (seed &* 7919) % hello.count
            hello[place] = UInt8(truncatingIfNeeded: seed &* 31 &+ 1)
            bench.pipe.arrive(hello)
            bench.pipe.endInput()
            #expect(bench.ends.count == 1 && bench.owner.events == ["failed"], "\(place): \(bench.ends)")
        }
    }
}
