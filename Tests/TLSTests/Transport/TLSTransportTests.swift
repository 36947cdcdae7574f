import COpenSSL
import NIOCore
import NIOEmbedded
import ServerNames
import Settings
import Testing

@testable import TLS

/// A server's side of TLS over a pipe, with OpenSSL at the client's end.
@Suite struct TLSTransportTests {
    private static let versions = [TLS1_2_VERSION, TLS1_3_VERSION]

    @Test(arguments: versions)
    func `A request and a response pass in both versions`(version: Int32) throws {
        let bench = try TLSBench(.init(version: version))
        bench.exchange()
        #expect(bench.client.isConnected && bench.client.error == nil)
        guard case .established(let spoken, _, false)? = bench.ends.first?.outcome else {
            Issue.record("no handshake: \(bench.ends)")
            return
        }
        #expect(
            spoken == bench.client.version && bench.ends.first?.serverName?.description == "www.test.priv"
        )
        bench.client.write("GET /")
        bench.exchange()
        #expect(bench.owner.text == "GET /")
        bench.respond("200 OK")
        bench.exchange()
        #expect(bench.client.read() == Array("200 OK".utf8))
        #expect(bench.ends.count == 1 && bench.owner.events.isEmpty)
    }

    @Test(arguments: versions)
    func `A hello cut at any byte is the same hello`(version: Int32) throws {
        let count = try helloBytes(version)
        for cut in 1..<count {
            let bench = try TLSBench(.init(version: version))
            bench.exchange { cut < $0.count ? [Array($0[..<cut]), Array($0[cut...])] : [$0] }
            #expect(bench.client.isConnected && bench.failures.isEmpty, "cut at \(cut)")
        }
    }

    private func helloBytes(_ version: Int32) throws -> Int {
        let client = OpenSSLClient(.init(version: version))
        client.connect()
        return client.takeOutput().count
    }

    @Test(arguments: versions)
    func `A connection whose bytes arrive one by one works`(version: Int32) throws {
        let bench = try TLSBench(.init(version: version))
        bench.exchange { $0.map { [$0] } }
        bench.client.write("one")
        bench.exchange { $0.map { [$0] } }
        #expect(bench.owner.text == "one")
    }

    @Test(arguments: versions, [1, 2, 5, 100])
    func `A hello in many records is the same hello`(version: Int32, size: Int) throws {
        let bench = try TLSBench(.init(version: version))
        var isFirst = true
        bench.exchange { bytes in
            defer { isFirst = false }
            return isFirst ? [Self.records(of: bytes, size: size)] : [bytes]
        }
        #expect(bench.client.isConnected && bench.failures.isEmpty, "\(bench.ends)")
    }

    /// The handshake message of one record in many.
    private static func records(of record: [UInt8], size: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = record[5...]
        while !rest.isEmpty {
            let part = rest.prefix(size)
            bytes += record[..<3] + [0, UInt8(part.count)] + part
            rest = rest.dropFirst(size)
        }
        return bytes
    }

    @Test func `Large bodies pass in both directions, and records are full`() throws {
        let bench = try TLSBench()
        bench.exchange()
        let body = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        bench.client.write(body)
        bench.exchange()
        #expect(bench.owner.received == body)
        for start in stride(from: 0, to: body.count, by: 10_000) {
            bench.transport.write(ByteBuffer(bytes: body[start..<min(start + 10_000, body.count)]))
        }
        bench.transport.flush()
        let sent = bench.pipe.takeSent()
        #expect(sent.count < body.count + 70 * 64, "records of 16 KiB: \(sent.count - body.count)")
        bench.client.feed(sent)
        #expect(bench.client.read() == body)
    }

    @Test func `A slow reader stops the writer, and nothing is lost`() throws {
        let bench = try TLSBench()
        bench.exchange()
        bench.pipe.window = 1000
        let body = [UInt8](repeating: 7, count: 200_000)
        bench.respond(body)
        #expect(!bench.transport.isWritable && bench.transport.waitingBytes > 190_000)
        bench.pipe.open(.max - 1_000_000)
        #expect(bench.owner.events == ["writable"] && bench.transport.waitingBytes == 0)
        bench.exchange()
        #expect(bench.client.read() == body)
    }

    @Test func `Bytes wait where the owner accepts none`() throws {
        let bench = try TLSBench()
        bench.exchange()
        bench.owner.acceptsBytes = false
        bench.client.write("held")
        #expect(!bench.pipe.arrive(bench.client.takeOutput()))
        #expect(bench.owner.received.isEmpty && bench.transport.isReadingPaused)
    }

    @Test func `A request in the packet of the handshake's end is received`() throws {
        for version in Self.versions {
            let bench = try TLSBench(.init(version: version))
            bench.client.connect()
            bench.pipe.arrive(bench.client.takeOutput())
            bench.client.feed(bench.pipe.takeSent())
            bench.client.connect()
            if version == TLS1_3_VERSION { bench.client.write("early") }
            bench.pipe.arrive(bench.client.takeOutput())
            #expect(bench.owner.text == (version == TLS1_3_VERSION ? "early" : ""))
        }
    }

    @Test func `New keys are answered`() throws {
        let bench = try TLSBench(.init(version: TLS1_3_VERSION))
        bench.exchange()
        bench.client.updateKeys()
        bench.exchange()
        bench.client.write("after")
        bench.respond("response")
        bench.exchange()
        #expect(bench.owner.text == "kafter" && bench.client.read() == Array("response".utf8))
    }

    // MARK: The end

    @Test(arguments: versions)
    func `A half ends by close_notify, in either order`(version: Int32) throws {
        let bench = try TLSBench(.init(version: version))
        bench.exchange()
        bench.client.end()
        bench.exchange()
        #expect(bench.owner.events == ["input ended"] && bench.transport.isActive)
        bench.respond("late response")
        bench.transport.closeOutput()
        #expect(bench.owner.events == ["input ended"], "no event comes from within a call")
        bench.loop.run()
        #expect(bench.owner.events == ["input ended", "closed"] && !bench.pipe.isActive)
        bench.client.feed(bench.pipe.takeSent())
        #expect(bench.client.read() == Array("late response".utf8) && bench.client.isEnded)

        let other = try TLSBench(.init(version: version))
        other.exchange()
        other.respond("response")
        other.transport.closeOutput()
        #expect(other.pipe.isOutputClosed && other.owner.events.isEmpty)
        other.client.feed(other.pipe.takeSent())
        #expect(other.client.read() == Array("response".utf8) && other.client.isEnded)
        other.client.end()
        other.exchange()
        #expect(other.owner.events == ["closed"])
    }

    @Test func `The end of the socket without close_notify is a failure`() throws {
        let bench = try TLSBench()
        bench.exchange()
        bench.client.write("half a bo")
        bench.exchange()
        bench.pipe.endInput()
        #expect(bench.owner.text == "half a bo" && bench.owner.events == ["failed"] && !bench.pipe.isActive)
        let notified = try TLSBench()
        notified.exchange()
        notified.client.end()
        notified.exchange()
        notified.pipe.endInput()
        #expect(notified.owner.events == ["input ended"] && notified.transport.isActive)
    }

    @Test func `A close says so, unless bytes are lost or the stream is to look broken`() throws {
        let orderly = try TLSBench()
        orderly.exchange()
        orderly.transport.close()
        orderly.client.feed(orderly.pipe.takeSent())
        _ = orderly.client.read()
        #expect(orderly.client.isEnded && !orderly.pipe.isActive)

        let lost = try TLSBench()
        lost.exchange()
        lost.pipe.window = 10
        lost.respond("a response that does not leave")
        lost.transport.close()
        #expect(lost.pipe.takeSent().count == 10)

        let broken = try TLSBench()
        broken.exchange()
        broken.transport.resetOnClose()
        broken.transport.close()
        #expect(broken.pipe.takeSent().isEmpty && broken.pipe.isReset)
    }

    @Test func `A record that was changed on its way ends the connection`() throws {
        let bench = try TLSBench()
        bench.exchange()
        bench.client.write("good")
        var bytes = bench.client.takeOutput()
        bench.client.write("bad")
        var second = bench.client.takeOutput()
        second[second.count - 1] ^= 1
        bytes += second
        bench.pipe.arrive(bytes)
        #expect(bench.owner.text == "good" && bench.owner.events == ["failed"] && !bench.pipe.isActive)
        bench.client.feed(bench.pipe.takeSent())
        _ = bench.client.read()
        #expect(bench.client.error?.contains("bad record mac") == true, "\(bench.client.error ?? "-")")
    }

    @Test func `Garbage after the handshake never traps`() throws {
        for seed in 0..<200 {
            let bench = try TLSBench()
            bench.exchange()
            bench.pipe.arrive(
                (0..<(1 + seed % 40)).map { UInt8(truncatingIfNeeded: ($0 &+ 1) &* (seed &+ 7) &* 131) }
            )
            bench.pipe.endInput()
            #expect(bench.owner.events == ["failed"])
        }
    }
}
