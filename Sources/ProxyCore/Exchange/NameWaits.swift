package import NIOCore
package import Names

/// The exchanges of one event loop that wait for names. The deadline of each wait is its exchange's.
///
/// `@unchecked Sendable`: used on `loop` alone.
package final class NameWaits: @unchecked Sendable {
    private let loop: any EventLoop
    private let resolver: any NameResolver
    /// Of each name that is being resolved, by the number of the wait.
    private var waiters: [String: [UInt64: Exchange]] = [:]
    private var count = 0
    /// Counts waits, so that they are served in their order.
    private var last: UInt64 = 0

    package init(loop: any EventLoop, resolver: any NameResolver) {
        self.loop = loop
        self.resolver = resolver
    }

    /// Calls `nameResolved` on the exchange when the name's endpoints are known, or will not be.
    ///
    /// - Returns: what an exchange that ends before gives to `remove`.
    package func add(_ exchange: Exchange, for name: String) throws(Failure) -> NameWait {
        let isFirst = waiters[name] == nil
        guard count < DataPathConstants.nameWaiters,
            !isFirst || waiters.count < DataPathConstants.nameWaiters
        else { throw Failure(NameProblem(.overloaded, "this loop's requests wait for too many names")) }
        count += 1
        last &+= 1
        waiters[name, default: [:]][last] = exchange
        if isFirst {
            resolver.resolve(name, for: ObjectIdentifier(self)) { [self] lookup in
                loop.execute { [self] in resolved(name, lookup) }
            }
        }
        return NameWait(name: name, number: last)
    }

    /// The exchange has ended. A name that no other waits for is abandoned.
    package func remove(_ wait: NameWait) {
        guard waiters[wait.name]?.removeValue(forKey: wait.number) != nil else { return }
        count -= 1
        guard waiters[wait.name]?.isEmpty == true else { return }
        waiters.removeValue(forKey: wait.name)
        resolver.abandon(wait.name, for: ObjectIdentifier(self))
    }

    private func resolved(_ name: String, _ lookup: NameLookup) {
        guard let resolved = waiters.removeValue(forKey: name) else { return }
        count -= resolved.count
        for (number, exchange) in resolved.sorted(by: { $0.key < $1.key }) {
            exchange.nameResolved(lookup, NameWait(name: name, number: number))
        }
    }
}

/// The wait of one exchange for a name.
package struct NameWait: Sendable, Equatable {
    fileprivate let name: String
    fileprivate let number: UInt64
}
