import NIOConcurrencyHelpers
import Names
import NIOCore

/// Since when name sources are down. Any thread.
final class SourceAges: Sendable {
    private let down = NIOLockedValueBox<[String: NIODeadline]>([:])

    func note(_ event: NameSourceEvent, now: NIODeadline = .now()) {
        switch event {
        case .down(let source, _, _):
            down.withLockedValue { down in if down[source] == nil { down[source] = now } }
        case .up(let source), .loaded(let source, _):
            down.withLockedValue { $0[source] = nil }
        case .problem, .warning, .expired: break
        }
    }

    /// Seconds; 0: the source responds, or has not been needed yet.
    func age(of source: String, now: NIODeadline = .now()) -> Double {
        down.withLockedValue { $0[source] }.map { Double((now - $0).nanoseconds) / 1e9 } ?? 0
    }
}
