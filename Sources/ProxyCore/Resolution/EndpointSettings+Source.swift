package import Balancing
package import Names
package import Routing

extension EndpointSettings {
    /// What holds for an endpoint of a target: what its pool lists for it; else the pool's settings, with what the name
    /// source states of the endpoint.
    ///
    /// - Parameter pool: nil: the rule files say nothing of the target.
    package init(of named: NamedAddress, at endpoint: Endpoint, in pool: Pool?) {
        if let own = pool?.member(at: endpoint) {
            self = own.settings
            return
        }
        self = pool?.settings.endpoint ?? EndpointSettings()
        weight = named.weight
        isBackup = named.isBackup
        if pool != nil, let limit = named.maxConnections { maxConnections = Int(limit) }
    }
}

extension Pool {
    /// The endpoint as the pool itself lists it; nil: it comes from a name source.
    package func member(at endpoint: Endpoint) -> PoolEndpoint? {
        members.first { $0.endpoint == endpoint }
    }
}
