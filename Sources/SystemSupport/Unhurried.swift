/// Work that yields to the event loops: its threads have a nice value of 10, as Dispatch has it for `.background`.
package enum Unhurried {
    /// Whoever waits for the value does not raise the priority, as those do who wait for a task.
    package static func value<Value: Sendable>(of body: @escaping @Sendable () async -> Value) async -> Value
    {
        await withUnsafeContinuation { continuation in
            Task.detached(priority: .background) { continuation.resume(returning: await body()) }
        }
    }
}
