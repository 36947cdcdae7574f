package import Balancing
package import NIOCore

/// What an operator has set of an endpoint, so that it can be kept.
package struct OperatorState: Hashable, Sendable {
    package let key: SharedEndpoints.Key
    package let state: EndpointSettings.AdministrativeState
    /// What the settings had at that time: the operator's state ends when they change.
    package let over: EndpointSettings.AdministrativeState

    package init(
        key: SharedEndpoints.Key,
        state: EndpointSettings.AdministrativeState,
        over: EndpointSettings.AdministrativeState
    ) {
        self.key = key
        self.state = state
        self.over = over
    }
}

extension SharedEndpoint {
    /// What `set` is to make of it; nil: the settings have it so, and no name source states otherwise.
    package func operatorState(
        _ state: EndpointSettings.AdministrativeState,
        overridesSource: Bool = false
    ) -> OperatorState? {
        let over = health.configuredState
        return state == over && !overridesSource ? nil : OperatorState(key: key, state: state, over: over)
    }

    /// What an operator has set; nil: nothing.
    package var operatorState: OperatorState? {
        let health = health
        guard health.isSetByOperator else { return nil }
        return OperatorState(key: key, state: health.administrativeState, over: health.configuredState)
    }
}

extension SharedEndpoints {
    /// The states that operators have set, in no order.
    package var operatorStates: [OperatorState] { setByOperator.compactMap(\.operatorState) }

    /// Sets a state that was kept, before anything uses the endpoint. It ends at once where the settings of its pool have
    /// changed since.
    package func restore(_ kept: OperatorState, now: NIODeadline) {
        let endpoint = endpoint(kept.key.endpoint, identity: kept.key.identity, pool: kept.key.pool)
        endpoint.adopt(kept, now: now)
    }
}

extension SharedEndpoint {
    /// What an operator has set of it, before anything uses it: also over another link.
    func adopt(_ kept: OperatorState, now: NIODeadline) {
        if kept.over != .up {
            var settings = EndpointSettings()
            settings.administrativeState = kept.over
            // Until its pool configures it, only connections count.
            settings.maxFailures = 0
            configure(settings, now: now)
        }
        // The same as in the settings: then it overrides a name source.
        set(kept.state, overridesSource: kept.state == kept.over, now: now)
    }
}
