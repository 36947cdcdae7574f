import Testing

@testable import SystemSupport

@Suite struct TimeLimitTests {
    /// Never comes to its end.
    private static func standStill() async {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }

    @Test func `What comes in time is returned`() async {
        #expect(await TimeLimit.wait(.seconds(60)) { 1 } == 1)
    }

    @Test func `What does not come is waited for until the limit alone`() async {
        let value: Int? = await TimeLimit.wait(.milliseconds(1)) {
            await Self.standStill()
            return 1
        }
        #expect(value == nil)
    }

    @Test func `A task that was cancelled waits all the same`() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in stream {}
            return await TimeLimit.wait(.seconds(60)) { 1 }
        }
        task.cancel()
        continuation.finish()
        #expect(await task.value == 1)
    }

    @Test func `Of several, each has its own result`() async {
        let values = await TimeLimit.wait(.seconds(1), forAll: [1, 2, 3]) { number in
            if number == 2 { await Self.standStill() }
            return number
        }
        #expect(values == [1, nil, 3])
    }
}
