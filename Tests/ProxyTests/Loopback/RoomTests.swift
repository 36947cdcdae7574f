import Dispatch
import EpollLoop
import Glibc
import HTTP1
import NIOCore
import TestSupport
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// Limits that hold at one tier leave room for what it adds; and an answer is not lost to what is still sent.
@Suite(.timeLimit(.minutes(4)))
struct RoomTests {
    @Test(arguments: Tiers.allCases)
    func `A head as large as it may be passes through one tier and through two`(_ tiers: Tiers) async throws {
        let limits = HeadLimits.default
        let origin = try ScriptedOrigin { connection, _ in
            while true {
                let head = try connection.readHead()
                try connection.write(
                    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Lines: \(head.split(separator: "\r\n").count)\r\n\r\n"
                )
            }
        }
        try await tiers.run(to: origin) { tier in
            let client = try tier.connect()
            let start =
                "GET /\(String(repeating: "t", count: limits.targetBytes - 1)) HTTP/1.1\r\nHost: h\r\n"
            let lines = String(repeating: "A: b\r\n", count: limits.fields - 2)
            let fill = limits.headBytes - start.utf8.count - lines.utf8.count - "B: \r\n\r\n".utf8.count
            for surplus in [0, 1] {
                try client.write(
                    start + lines + "B: \(String(repeating: "c", count: fill + surplus))\r\n\r\n"
                )
                let status = surplus == 0 ? 200 : 431
                #expect(try client.readHead().hasPrefix("HTTP/1.1 \(status) "))
            }
        }
    }

    @Test func `After a half-close Berth holds no more than before it`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            gate.wait()
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n")
            let worker = try #require(tier.tier.workers.first)
            // Room in the kernel that does not depend on how quickly Berth has read so far.
            while try await !worker.loop.submit({
                let connection = worker.connections.all.first as? DownstreamConnection
                guard let transport = connection?.transport as? SocketTransport else {
                    return false
                }
                SocketOptions.set(SO_RCVBUF, of: SOL_SOCKET, to: 200_000, on: transport.descriptor)
                return true
            }).get() {}
            // The endpoint takes nothing, until Berth takes no more either.
            let block = [UInt8](repeating: 1, count: 16_384)
            var written = 0
            var full = false
            while !full {
                try client.write(block)
                written += block.count
                // The next when this one has arrived: what waits at the sender says nothing of Berth.
                repeat {
                    full = try await worker.loop.submit {
                        (worker.connections.all.first as? DownstreamConnection)?.exchange.upstream?.isWritable
                            == false
                    }.get()
                } while !full && client.unacknowledged > 0
            }
            // What the kernel has room for; an end behind more than that would wait with it.
            let more = DataPathConstants.heldBytes / block.count + 2
            for _ in 0..<more { try client.write(block) }
            written += more * block.count
            while client.unacknowledged > 0, !Task.isCancelled { await Task.yield() }
            client.closeWriting()
            // The end waits behind the bytes, and these in the kernel.
            for _ in 0..<20 {
                let (held, room) = try await worker.loop.submit {
                    let inbound = (worker.connections.all.first as? DownstreamConnection)?.inbound
                    return (inbound?.readableBytes ?? 0, inbound?.storageCapacity ?? 0)
                }.get()
                #expect(held <= DataPathConstants.heldBytes + EpollLoop.readBytes)
                #expect(room <= 2 * (DataPathConstants.heldBytes + EpollLoop.readBytes))
            }
            gate.signal()
            _ = try client.readToEnd()
            #expect(await tier.log.wait(for: 1).map(\.cause) == [.downstreamClosed])
        }
    }

    @Test func `A client that sends all of a refused upload before it reads gets its 413`() async throws {
        let origin = try ScriptedOrigin { connection, _ in _ = try connection.readToEnd() }
        try await TestTier.run(to: origin, configure: { $0.limits.bodyBytes = 1_000_000 }) { tier in
            let client = try tier.connect()
            try client.write("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 1, count: 65536) + Array("\r\n".utf8)
            for _ in 0..<160 { try client.write(chunk) }
            try client.write("0\r\n\r\n")
            #expect(try client.readHead().hasPrefix("HTTP/1.1 413 "))
        }
    }
}
