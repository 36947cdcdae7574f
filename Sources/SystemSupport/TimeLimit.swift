/// Waits that come to an end. They are not shortened where the task that waits is cancelled.
package enum TimeLimit {
    /// - Returns: nil: it has taken longer. It goes on.
    @discardableResult
    package static func wait<Value: Sendable>(
        _ limit: Duration,
        for body: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let (stream, continuation) = AsyncStream.makeStream(of: Value.self)
        let timer = Task {
            try? await Task.sleep(for: limit)
            continuation.finish()
        }
        Task {
            continuation.yield(await body())
            timer.cancel()
        }
        // A task of its own: nobody cancels it.
        return await Task {
            for await value in stream { return value }
            return nil
        }
        .value
    }

    /// Waits for all at a time.
    ///
    /// - Returns: in the order of the elements. A nil: it has taken longer.
    package static func wait<Element: Sendable, Value: Sendable>(
        _ limit: Duration,
        forAll elements: [Element],
        _ body: @escaping @Sendable (Element) async -> Value
    ) async -> [Value?] {
        await withTaskGroup(of: (Int, Value?).self) { tasks in
            for (index, element) in elements.enumerated() {
                tasks.addTask { (index, await wait(limit) { await body(element) }) }
            }
            var values = [Value?](repeating: nil, count: elements.count)
            for await (index, value) in tasks { values[index] = value }
            return values
        }
    }
}
