import Dispatch
import Glibc

/// Signals of the process as asynchronous events.
package enum Signals {
    /// Returns when SIGTERM or SIGINT arrives, or the task is cancelled.
    package static func termination() async {
        for await _ in terminations() { return }
    }

    /// An event for SIGTERM and SIGINT, from the call on.
    package static func terminations() -> AsyncStream<Void> { events(SIGTERM, SIGINT) }

    /// An event for each SIGHUP, from the call on. Several that arrive before the first is handled are one event.
    package static func hangups() -> AsyncStream<Void> { events(SIGHUP) }

    /// An event for each SIGUSR1, from the call on; as `hangups`.
    package static func reopenings() -> AsyncStream<Void> { events(SIGUSR1) }

    /// An event for each SIGUSR2, from the call on; as `hangups`.
    package static func upgrades() -> AsyncStream<Void> { events(SIGUSR2) }

    /// Keeps the signals that programs send each other by mistake from ending this one.
    package static func ignoreUserSignals() {
        signal(SIGUSR1, SIG_IGN)
        signal(SIGUSR2, SIG_IGN)
    }

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

    /// Returns when signals reach the handler: none is lost between the start of a tier and its end.
    init(_ numbers: [Int32], _ handler: @escaping @Sendable () -> Void) {
        let registered = DispatchSemaphore(value: 0)
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setRegistrationHandler { registered.signal() }
            source.setEventHandler { handler() }
            source.resume()
            return source
        }
        for _ in sources { _ = registered.wait(timeout: .now() + .seconds(1)) }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }
}
