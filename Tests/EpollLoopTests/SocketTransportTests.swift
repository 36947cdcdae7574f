import Glibc
import NIOCore
import Testing
import TestSupport
import Transports

@testable import EpollLoop

/// A real socket pair, on a loop that the test runs itself.
@Suite struct SocketTransportTests {
    @Test func `Bytes that were there before it begins are read at once`() throws {
        let bench = try LoopBench()
        bench.send("early")
        bench.transport.begin()
        #expect(bench.owner.text == "early")
    }

    @Test func `It waits for bytes where there are none`() throws {
        let bench = try LoopBench()
        bench.transport.begin()
        bench.send("late")
        bench.settle()
        #expect(bench.owner.text == "late")
    }

    @Test func `After a short read it hears of the next bytes when the owner awaits them`() throws {
        let bench = try LoopBench()
        bench.send("one")
        bench.transport.begin()
        bench.transport.awaitInput()
        bench.send("two")
        bench.settle()
        bench.send("three")
        bench.settle()
        #expect(bench.owner.text == "onetwothree")
    }

    @Test func `Nothing is read while the owner does not accept bytes`() throws {
        let bench = try LoopBench()
        bench.owner.acceptsBytes = false
        bench.send("held")
        bench.transport.begin()
        bench.transport.awaitInput()
        bench.settle()
        #expect(bench.owner.received.isEmpty && bench.transport.isReadingPaused)
        bench.closeOutput()
        bench.settle()
        #expect(bench.owner.events.isEmpty, "the end waits behind the bytes")
        bench.owner.acceptsBytes = true
        bench.transport.resumeReading()
        #expect(bench.owner.received.isEmpty, "no event comes from within a call")
        bench.settle()
        #expect(bench.owner.text == "held" && bench.owner.events == ["input ended"])
    }

    @Test func `A connection that sends as fast as it can leaves the others their turn`() throws {
        let bench = try LoopBench(bufferBytes: 1 << 20)
        let block = [UInt8](repeating: 7, count: EpollLoop.readBytes)
        // Each read finds as much again.
        bench.owner.onReceive = { bench.send(block) }
        bench.send(block)
        bench.transport.begin()
        let first = bench.owner.received.count
        #expect(first <= 2 * EpollLoop.readBytes)
        bench.round()
        #expect(bench.owner.received.count > first, "it goes on in the next round")
    }

    @Test func `Reads grow while they are filled, and shrink when the owner accepts no more`() throws {
        let bench = try LoopBench(bufferBytes: 4 << 20)
        let block = [UInt8](repeating: 7, count: 4 << 20)
        var reads: [Int] = []
        var before = 0
        bench.owner.onReceive = {
            reads.append(bench.owner.received.count - before)
            before = bench.owner.received.count
            bench.owner.acceptsBytes = reads.count != 4
            bench.send(block)
        }
        bench.send(block)
        bench.transport.begin()
        bench.settle()
        #expect(reads == [64, 128, 256, 512].map { $0 << 10 } && bench.transport.isReadingPaused)
        bench.owner.acceptsBytes = true
        bench.transport.resumeReading()
        bench.round()
        #expect(reads.count > 4 && reads[4] == 256 << 10)
    }

    @Test func `Both halves end one after the other, in either order`() throws {
        for inputFirst in [true, false] {
            let bench = try LoopBench()
            bench.transport.begin()
            if inputFirst {
                bench.closeOutput()
                bench.settle()
                #expect(bench.owner.events == ["input ended"] && bench.transport.isActive)
                bench.transport.write(ByteBuffer(string: "response"))
                bench.transport.closeOutput()
                #expect(bench.owner.events == ["input ended"], "no event comes from within a call")
                bench.settle()
                #expect(bench.owner.events == ["input ended", "closed"])
            } else {
                bench.transport.write(ByteBuffer(string: "response"))
                bench.transport.closeOutput()
                bench.settle()
                #expect(bench.owner.events.isEmpty && bench.transport.isActive)
                bench.closeOutput()
                bench.settle()
                #expect(bench.owner.events == ["closed"])
            }
            #expect(bench.receive() == Array("response".utf8))
            #expect(bench.receive() == nil)
            #expect(!bench.transport.isActive)
        }
    }

    @Test func `What the kernel does not accept waits in memory of its size`() throws {
        let bench = try LoopBench(bufferBytes: 4096)
        bench.transport.begin()
        var large = ByteBuffer()
        large.reserveCapacity(1 << 20)
        large.writeRepeatingByte(1, count: 100_000)
        bench.transport.write(large)
        bench.transport.flush()
        #expect(bench.transport.waitingBytes > 0 && !bench.transport.isWritable)
        var count = 0
        while bench.transport.waitingBytes > 0 {
            count += bench.receive(5_000)?.count ?? 0
            bench.settle()
        }
        while let more = bench.receive(), !more.isEmpty { count += more.count }
        #expect(count == 100_000)
        #expect(bench.transport.isWritable && bench.owner.events.contains("writable"))
    }

    @Test func `A peer that is gone is told of once, and not from within a write`() throws {
        let bench = try LoopBench()
        bench.transport.begin()
        bench.closeFar()
        bench.transport.write(ByteBuffer(string: "lost"))
        bench.transport.flush()
        #expect(bench.owner.events.isEmpty)
        #expect(!bench.transport.isActive)
        bench.settle()
        #expect(bench.owner.events == ["failed"])
    }

    @Test func `After its own close the owner hears nothing more, and the descriptor's next user is another`()
        throws
    {
        // Another test may take the number first.
        for _ in 0..<100 {
            let bench = try LoopBench()
            bench.transport.begin()
            let descriptor = bench.transport.descriptor
            bench.send("unread")
            bench.transport.close()
            // It closes at the end of the round: until then nobody else gets its number.
            #expect(fcntl(descriptor, F_GETFD) >= 0)
            bench.settle()
            var ends: [Int32] = [-1, -1]
            _ = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
            if ends[1] == descriptor { ends.swapAt(0, 1) }
            let own = ends[0] == descriptor ? ends[0] : fcntl(ends[0], F_DUPFD_CLOEXEC, descriptor)
            if own != ends[0] { Glibc.close(ends[0]) }
            defer { Glibc.close(ends[1]) }
            let next = SocketTransport(own, loop: bench.loop)
            guard own == descriptor else {
                next.close()
                continue
            }
            let owner = RecordingOwner()
            next.owner = owner
            next.begin()
            bench.settle()
            #expect(owner.received.isEmpty)
            _ = Glibc.send(ends[1], "x", 1, 0)
            bench.settle()
            #expect(owner.text == "x" && bench.owner.received.isEmpty && bench.owner.events.isEmpty)
            next.close()
            return
        }
        Issue.record("the number was never free")
    }

    @Test func `Descriptors that close together are all closed, also where the loop ends`() async throws {
        let loop = try EpollLoop()
        try loop.start(name: "test-loop")
        let closed = try await loop.submit { () -> [Int32] in
            (0..<300).compactMap { _ in
                var ends: [Int32] = [-1, -1]
                guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0
                else { return nil }
                let transport = SocketTransport(ends[0], loop: loop)
                transport.begin()
                transport.close()
                return ends[1]
            }
        }.get()
        #expect(closed.count == 300)
        await withCheckedContinuation { continuation in loop.stop { continuation.resume() } }
        for other in closed {
            // The end of the stream: the far side is closed.
            var byte: UInt8 = 0
            #expect(recv(other, &byte, 1, 0) == 0)
            Glibc.close(other)
        }
    }

    @Test func `However many descriptors come in each round, few of them wait to be closed`() throws {
        var closing = ClosingDescriptors()
        for _ in 0..<200 {
            for _ in 0..<100 {
                let descriptor = dup(0)
                try #require(descriptor >= 0)
                closing.append(descriptor)
            }
            closing.closeSome()
            #expect(closing.count <= 800)
        }
        #expect(closing.closeAll() || closing.isEmpty)
        #expect(!closing.closeAll() && closing.isEmpty)
    }

    @Test func `Waiting for the output to leave ends at once, later, or with the connection`() throws {
        let bench = try LoopBench(bufferBytes: 4096)
        bench.transport.begin()
        var done = 0
        bench.transport.whenFlushed { done += 1 }
        #expect(done == 1)
        bench.transport.write(ByteBuffer(repeating: 1, count: 100_000))
        bench.transport.whenFlushed { done += 1 }
        #expect(done == 1)
        bench.transport.close()
        #expect(done == 2)
    }

    /// Whatever pieces are written, and however the kernel and the peer cut them: the same bytes arrive.
    @Test func `Every split of the bytes gives the same bytes`() throws {
        let seed = TestSeed.make(for: "split writes")
        var random = SeededRandom(seed: seed)
        for _ in 0..<60 {
            let bench = try LoopBench(bufferBytes: Int32(1_000 + Int(random.next() % 20_000)))
            bench.transport.begin()
            var written: [UInt8] = []
            var arrived: [UInt8] = []
            for _ in 0..<(1 + random.next() % 200) {
                let size = [1, 20, 1_000, 30_000][Int(random.next() % 4)]
                let piece = (0..<(1 + Int(random.next() % UInt64(size)))).map { _ in
                    UInt8(truncatingIfNeeded: random.next())
                }
                if bench.transport.isWritable {
                    written += piece
                    bench.transport.write(ByteBuffer(bytes: piece))
                }
                if random.next() % 2 == 0 { bench.transport.flush() }
                if random.next() % 3 == 0 { arrived += bench.receive(1 + Int(random.next() % 9_000)) ?? [] }
                if random.next() % 3 == 0 { bench.settle() }
            }
            bench.transport.closeOutput()
            while let more = bench.receive() {
                arrived += more
                bench.settle()
            }
            #expect(arrived == written, "seed \(seed)")
        }
    }
}
