import NIOConcurrencyHelpers

/// The requests that wait for a place at one target, on all event loops, in their order. Any thread.
///
/// Each loop has those of its own (`PlaceWaits`); here is only whose turn it is.
final class PlaceLine: Sendable {
    private struct State {
        var waiting: [UInt64: PlaceWaits] = [:]
        /// The number of the one that came last.
        var last: UInt64 = 0
        /// Those up to here know that there may be a place.
        var told: UInt64 = 0
    }

    private let state = NIOLockedValueBox(State())

    /// - Parameter limit: how many may wait.
    /// - Returns: the request's number; nil where too many wait.
    func join(_ waits: PlaceWaits, limit: Int) -> UInt64? {
        state.withLockedValue { state in
            guard state.waiting.count < limit else { return nil }
            state.last &+= 1
            state.waiting[state.last] = waits
            return state.last
        }
    }

    /// - Returns: whether it knew of a place: another one has to know then, unless it has taken it.
    func part(_ number: UInt64) -> Bool {
        state.withLockedValue { state in
            guard state.waiting.removeValue(forKey: number) != nil else { return false }
            return number <= state.told
        }
    }

    /// The request knew of a place, and found none: it is the next one again.
    func again(_ number: UInt64) {
        state.withLockedValue { state in
            if state.told >= number { state.told = number - 1 }
        }
    }

    /// The next request; it knows from now on. Nil: each does already.
    func next() -> (waits: PlaceWaits, number: UInt64)? {
        state.withLockedValue { state in
            // Numbers of requests that have gone are passed over, each once.
            while state.told < state.last {
                state.told += 1
                if let waits = state.waiting[state.told] { return (waits, state.told) }
            }
            return nil
        }
    }
}
