package import NIOCore
package import Names

/// The exchanges of one event loop that wait for names. The deadline of each wait is its exchange's.
///
/// `@unchecked Sendable`: used on `loop` alone.
package final class NameWaits: @unchecked Sendable {
    private struct Waiter {
        let exchange: Exchange
        /// Of the request: the exchange may serve another one by now.
        let serial: UInt64

        var isAlive: Bool { exchange.isWaitingForName(serial) }
    }

    private let loop: any EventLoop
    private let resolver: any NameResolver
    private var waiters: [String: [Waiter]] = [:]
    private var count = 0

    package init(loop: any EventLoop, resolver: any NameResolver) {
        self.loop = loop
        self.resolver = resolver
    }

    /// Calls `nameResolved` on the exchange when the name's endpoints are known, or will not be.
    package func add(_ exchange: Exchange, for name: String) throws(Failure) {
        let overloaded = NameProblem(.overloaded, "this loop's requests wait for too many names")
        if count >= DataPathConstants.nameWaiters {
            removeAbandoned()
            guard count < DataPathConstants.nameWaiters else { throw Failure(overloaded) }
        }
        let isFirst = waiters[name] == nil
        guard !isFirst || waiters.count < DataPathConstants.nameWaiters else { throw Failure(overloaded) }
        count += 1
        waiters[name, default: []].append(Waiter(exchange: exchange, serial: exchange.serial))
        guard isFirst else { return }
        resolver.resolve(name) { [self] lookup in
            loop.execute { [self] in resolved(name, lookup) }
        }
    }

    private func resolved(_ name: String, _ lookup: NameLookup) {
        guard let resolved = waiters.removeValue(forKey: name) else { return }
        count -= resolved.count
        for waiter in resolved where waiter.isAlive { waiter.exchange.nameResolved(lookup) }
    }

    /// Exchanges that have ended make room. Their names stay: they are being resolved.
    private func removeAbandoned() {
        for name in Array(waiters.keys) { waiters[name]?.removeAll { !$0.isAlive } }
        count = waiters.values.reduce(0) { $0 + $1.count }
    }
}
