import NIOCore

/// The requests of one event loop that wait for places at their targets. The deadline of each wait is its exchange's.
///
/// The target's counter tells who is next when a place becomes free on any loop. `tick` is for the places that nobody
/// reports: of a limit that was raised, or of an endpoint that is up again.
///
/// `@unchecked Sendable`: used on `loop` alone, but for `tell`, which hops onto it.
package final class PlaceWaits: @unchecked Sendable {
    private let loop: any EventLoop
    /// Of each target.
    private var waiting: [ObjectIdentifier: [UInt64: (exchange: Exchange, wait: PlaceWait)]] = [:]
    private(set) var count = 0

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// Calls `placeFreed` on the exchange when there may be a place, as often as it has none.
    ///
    /// - Returns: what an exchange that waits no longer gives to `remove`.
    func add(_ exchange: Exchange, at counter: TargetCounter, limit: Int) throws(Failure) -> PlaceWait {
        guard count < DataPathConstants.placeWaiters, let number = counter.join(self, limit: limit) else {
            throw Failure(.targetLimit)
        }
        let wait = PlaceWait(counter: counter, number: number)
        waiting[ObjectIdentifier(counter), default: [:]][number] = (exchange, wait)
        count += 1
        return wait
    }

    /// - Parameter hasPlace: the request has found one.
    func remove(_ wait: PlaceWait, hasPlace: Bool) {
        let key = ObjectIdentifier(wait.counter)
        guard waiting[key]?.removeValue(forKey: wait.number) != nil else { return }
        count -= 1
        if waiting[key]?.isEmpty == true { waiting.removeValue(forKey: key) }
        wait.counter.part(wait.number, hasPlace: hasPlace)
    }

    /// There may be a place. Any thread.
    func tell(_ number: UInt64, of counter: TargetCounter) {
        loop.execute { [self] in
            guard let (exchange, wait) = waiting[ObjectIdentifier(counter)]?[number] else { return }
            exchange.placeFreed(wait)
        }
    }

    /// Called four times a second.
    func tick() {
        if waiting.isEmpty { return }
        for key in Array(waiting.keys) {
            while let first = waiting[key]?.keys.min(), let (exchange, wait) = waiting[key]?[first] {
                exchange.placeFreed(wait)
                // The others would not find one either.
                if waiting[key]?[first] != nil { break }
            }
        }
    }
}

/// The wait of one exchange for a place at its target.
struct PlaceWait: Sendable, Equatable {
    let counter: TargetCounter
    let number: UInt64

    static func == (a: PlaceWait, b: PlaceWait) -> Bool { a.counter === b.counter && a.number == b.number }
}
