import NIOConcurrencyHelpers

/// Names whose endpoints operators have deployed. They come before all other sources. Any thread.
package final class DeployedNames: LiveNameSource {
    private struct State {
        /// Nil: they are not known yet.
        var names: [String: [NamedAddress]]?
        var emit: (@Sendable (NameSourceUpdate) -> Void)?
    }

    private let state: NIOLockedValueBox<State>
    private let label: String

    /// - Parameters:
    ///   - label: the source for operators.
    ///   - names: those that an earlier process has left; nil: they are not known yet, and names wait for them.
    package init(_ label: String, _ names: [String: [NamedAddress]]? = [:]) {
        self.label = label
        state = NIOLockedValueBox(State(names: names))
    }

    /// - Parameter isLocal: the names are this host's own.
    package func source(isLocal: Bool) -> NameSource {
        NameSource(label: label, key: .settings(label), kind: .live(self), isLocal: isLocal)
    }

    /// - Parameter addresses: empty: the name is resolved by the other sources again.
    package func set(_ name: String, _ addresses: [NamedAddress]) {
        // Within the lock: updates are emitted in the order of the calls. A directory only hands them to its loop.
        state.withLockedValue { state in
            if addresses.isEmpty {
                state.names?[name] = nil
                state.emit?(.update(set: [:], removed: [name]))
            } else {
                state.names?[name] = addresses
                state.emit?(.update(set: [name: addresses], removed: []))
            }
        }
    }

    /// All names from now on.
    package func replace(_ names: [String: [NamedAddress]]) {
        state.withLockedValue { state in
            state.names = names
            state.emit?(.snapshot(names))
        }
    }

    package func initialNames() -> [String: [NamedAddress]]? { state.withLockedValue { $0.names } }

    package func start(_ emit: @escaping @Sendable (NameSourceUpdate) -> Void) {
        state.withLockedValue { state in
            state.emit = emit
            // A name may have been set since `initialNames`.
            if let names = state.names { emit(.snapshot(names)) }
        }
    }

    package func stop() { state.withLockedValue { $0.emit = nil } }
}
