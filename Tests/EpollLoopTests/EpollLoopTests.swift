import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Testing
import Transports

@testable import EpollLoop

@Suite struct EpollLoopTests {
    private func withLoop<Result>(_ body: (EpollLoop) async throws -> Result) async throws -> Result {
        let loop = try EpollLoop()
        try loop.start(name: "test-loop")
        do {
            let result = try await body(loop)
            await stop(loop)
            return result
        } catch {
            await stop(loop)
            throw error
        }
    }

    private func stop(_ loop: EpollLoop) async {
        await withCheckedContinuation { continuation in loop.stop { continuation.resume() } }
    }

    @Test func `Tasks of other threads run on the loop, in order`() async throws {
        let seen = try await withLoop { loop in
            let seen = NIOLockedValueBox<[Int]>([])
            for number in 0..<1_000 {
                loop.execute { seen.withLockedValue { $0.append(loop.inEventLoop ? number : -1) } }
            }
            try await loop.submit {}.get()
            return seen.withLockedValue { $0 }
        }
        #expect(seen == Array(0..<1_000))
    }

    @Test(.enabled(if: geteuid() == 0))
    func `Its thread has the nice value of the process, whatever starts it`() async throws {
        let which = __priority_which_t(PRIO_PROCESS.rawValue)
        let loop = try EpollLoop()
        try await Task.detached {
            let nice = getpriority(which, 0)
            _ = setpriority(which, 0, 7)
            defer { _ = setpriority(which, 0, nice) }
            try loop.start(name: "test-loop")
        }.value
        #expect(try await loop.submit { getpriority(which, 0) }.get() == getpriority(which, id_t(getpid())))
        await stop(loop)
    }

    @Test func `A task that comes before the thread runs when the thread does`() async throws {
        let loop = try EpollLoop()
        let future = loop.submit { loop.inEventLoop }
        try loop.start(name: "test-loop")
        #expect(try await future.get())
        await stop(loop)
    }

    @Test func `A task of the loop's own runs after the one that made it`() async throws {
        try await withLoop { loop in
            let order = try await loop.flatSubmit {
                let order = NIOLockedValueBox<[Int]>([])
                let promise = loop.makePromise(of: [Int].self)
                loop.execute {
                    order.withLockedValue { $0.append(2) }
                    promise.succeed(order.withLockedValue { $0 })
                }
                order.withLockedValue { $0.append(1) }
                return promise.futureResult
            }.get()
            #expect(order == [1, 2])
        }
    }

    /// Notes its reads, and what it has put off at each.
    private final class FollowingOwner: TransportOwner {
        let bench: LoopBench
        let note: (String) -> Void

        init(_ bench: LoopBench, _ note: @escaping (String) -> Void) {
            self.bench = bench
            self.note = note
        }

        var acceptsBytes: Bool { true }
        func received(_ bytes: inout ByteBuffer) {
            let (note, loop) = (self.note, bench.loop)
            note("event")
            loop.enqueue { note("end") }
            loop.afterEvent {
                note("after")
                loop.afterEvent { note("later") }
            }
        }
        func readCompleted() {}
        func inputEnded() {}
        func becameWritable() {}
        func closed(failed: Bool) {}
    }

    @Test func `What follows an event comes before the next one`() throws {
        let bench = try LoopBench()
        var seen: [String] = []
        let owner = FollowingOwner(bench) { seen.append($0) }
        var ends: [Int32] = [-1, -1]
        try #require(
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0
        )
        let second = SocketTransport(ends[0], loop: bench.loop)
        defer {
            bench.transport.owner = nil
            second.close()
            close(ends[1])
        }
        for transport in [bench.transport, second] {
            transport.owner = owner
            transport.awaitInput()
        }
        bench.round()
        bench.send("1")
        #expect(send(ends[1], "2", 1, 0) == 1)
        bench.round()
        #expect(seen == ["event", "after", "event", "later", "after", "end", "end", "later"])
    }

    @Test func `Timers run in the order of their deadlines, and not before`() async throws {
        try await withLoop { loop in
            let begin = NIODeadline.now()
            let late = loop.scheduleTask(in: .milliseconds(30)) { NIODeadline.now() }
            let early = loop.scheduleTask(in: .milliseconds(10)) { NIODeadline.now() }
            let (first, second) = try await (early.futureResult.get(), late.futureResult.get())
            #expect(first >= begin + .milliseconds(10) && second >= begin + .milliseconds(30))
            #expect(first <= second)
        }
    }

    @Test func `A timer that is canceled does not run`() async throws {
        try await withLoop { loop in
            let ran = NIOLockedValueBox(false)
            let timer = loop.scheduleTask(in: .milliseconds(5)) { ran.withLockedValue { $0 = true } }
            timer.cancel()
            await #expect(throws: EventLoopError.self) { try await timer.futureResult.get() }
            try await loop.scheduleTask(in: .milliseconds(15)) {}.futureResult.get()
            #expect(!ran.withLockedValue { $0 })
        }
    }

    @Test func `A loop that has stopped fails what it is given`() async throws {
        let loop = try EpollLoop()
        try loop.start(name: "test-loop")
        let waiting = loop.scheduleTask(in: .hours(1)) {}
        await stop(loop)
        await stop(loop)
        #expect(!loop.enqueue {})
        _ = waiting
    }

    @Test func `Time stands still within a round`() throws {
        let loop = try EpollLoop()
        loop.adoptThread()
        loop.enqueue {}
        loop.round()
        let now = loop.now
        while NIODeadline.now() <= now {}
        #expect(loop.now == now)
    }
}

@Suite struct EpollTimersTests {
    @Test func `Of timers with one deadline the first goes first, and canceled ones are forgotten`() {
        var timers = EpollTimers()
        var order: [Int] = []
        let all = (0..<10).map { number in EpollTimer { order.append(number) } }
        for (number, timer) in all.enumerated() {
            timers.insert(timer, at: .uptimeNanoseconds(UInt64(100 - number / 2)))
        }
        all[9].cancel()
        all[0].cancel()
        while let action = timers.takeDue(now: .uptimeNanoseconds(99)) { action() }
        #expect(order == [8, 6, 7, 4, 5, 2, 3])
        while let action = timers.takeDue(now: .uptimeNanoseconds(100)) { action() }
        #expect(order.last == 1 && timers.next == nil)
    }

    @Test func `Canceled timers do not pile up until their deadline`() {
        var timers = EpollTimers()
        for number in 0..<10_000 {
            let timer = EpollTimer {}
            timers.insert(timer, at: .uptimeNanoseconds(UInt64(1_000_000 + number)))
            if number % 100 > 0 { timer.cancel() }
        }
        #expect(timers.count <= 300)
    }
}
