import Dispatch
import Glibc

/// Signals of the process as asynchronous events.
package enum Signals {
    /// Returns when SIGTERM or SIGINT arrives, or the task is cancelled.
    package static func termination() async {
        for await _ in events(SIGTERM, SIGINT) { return }
    }

    /// An event for each SIGHUP, from the call on. Several that arrive before the first is handled are one event.
    package static func hangups() -> AsyncStream<Void> { events(SIGHUP) }

    /// The signals no longer have their default effect, also after the stream has ended.
    private static func events(_ numbers: Int32...) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let sources = SignalSources(numbers) { continuation.yield() }
        continuation.onTermination = { _ in sources.cancel() }
        return stream
    }
}

/// Dispatch sources, one for each signal.
///
/// `@unchecked Sendable`: constant after `init`, and a dispatch source may be cancelled from any thread.
private final class SignalSources: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]

    init(_ numbers: [Int32], _ handler: @escaping @Sendable () -> Void) {
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { handler() }
            source.resume()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }
}
