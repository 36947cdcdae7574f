import Dispatch
import Glibc

/// The signals that end a program in order.
package enum Signals {
    /// Returns when SIGTERM or SIGINT comes. A peer that closes its end early is never
    /// a signal (SIGPIPE is ignored from here on).
    package static func termination() async {
        signal(SIGPIPE, SIG_IGN)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        for await _ in stream { break }
        for source in sources { source.cancel() }
    }

    /// Calls `handler` for each SIGHUP, until the process ends.
    package static func onHangup(_ handler: @escaping @Sendable () -> Void) {
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
        source.setEventHandler { handler() }
        source.resume()
        // Held until the process ends, or it would end before.
        _ = Unmanaged.passRetained(source as AnyObject)
    }
}
