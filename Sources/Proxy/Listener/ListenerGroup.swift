import NIOConcurrencyHelpers
import SystemSupport
package import Routing

/// Event loops that have not come to what they were given in time.
package struct StalledLoops: Error, Equatable, CustomStringConvertible {
    package let names: Set<String>

    package var description: String {
        let all = names.sorted().joined(separator: ", ")
        return
            "the event loop \(all) stands still: it has not responded for \(ListenerGroup.patience.components.seconds)s"
    }
}

/// All listeners of a tier. Any thread.
package final class ListenerGroup: Sendable {
    /// The sockets of one listener.
    package struct Sockets: Sendable {
        /// Where it listens, with the port that was chosen where 0 was given.
        package let endpoint: Endpoint
        /// As it was to listen.
        package let configured: Endpoint
        /// They stay the listener's.
        package let descriptors: [Int32]
    }

    /// How long an event loop may take until it comes to what it is given.
    static let patience = Duration.seconds(5)

    let all: [Listener]
    /// The addresses for which sockets were there, and to which no listener belongs.
    package let unclaimed: [Endpoint]
    private let start: @Sendable () -> Void
    private let hasBegun = NIOLockedValueBox(false)

    /// - Parameter start: lets all listeners begin.
    init(_ all: [Listener], unclaimed: [Endpoint], start: @escaping @Sendable () -> Void) {
        self.all = all
        self.unclaimed = unclaimed
        self.start = start
    }

    /// Accepts from now on, where it does not yet.
    package func begin() {
        let isFirst = hasBegun.withLockedValue { begun in
            defer { begun = true }
            return !begun
        }
        if isFirst { start() }
    }

    /// What another process needs to accept in the place of this one.
    package var sockets: [Sockets] {
        get async throws(StalledLoops) {
            var sockets: [Sockets] = []
            for listener in all {
                sockets.append(
                    Sockets(
                        endpoint: listener.endpoint,
                        configured: listener.plan.endpoint,
                        descriptors: try await listener.descriptors
                    )
                )
            }
            return sockets
        }
    }

    /// Accepts nothing until `resume`: another process does.
    package func hold() {
        for listener in all { listener.hold() }
    }

    package func resume() {
        for listener in all { listener.resume() }
    }

    /// Ends: another process has copies of the sockets with these addresses. From the others, all who have connected are
    /// accepted first.
    ///
    /// - Throws: where loops stand still. The others have done it.
    package func release(_ handedOver: Set<Endpoint>) async throws(StalledLoops) {
        try await each { listener in
            handedOver.contains(listener.endpoint) ? await listener.release() : await listener.close()
        }
    }

    /// Accepts who has connected, and no more.
    ///
    /// - Throws: as `release`.
    func close() async throws(StalledLoops) { try await each { await $0.close() } }

    private func each(_ end: @escaping @Sendable (Listener) async -> Set<String>) async throws(StalledLoops) {
        let stalled = await withTaskGroup(of: Set<String>.self) { tasks in
            for listener in all { tasks.addTask { await end(listener) } }
            return await tasks.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        guard stalled.isEmpty else { throw StalledLoops(names: stalled) }
    }
}
