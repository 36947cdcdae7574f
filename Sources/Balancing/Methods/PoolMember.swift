/// An endpoint of a pool as a ``Balancer`` sees it.
public struct PoolMember: Sendable, Hashable {
    /// Address and port as they are written, such as `10.0.0.2:8080`: what nginx has after `server`. An endpoint's
    /// locations on a ring or in a table come from this text, so that they stay the same wherever it stands in the list.
    public var id: String
    public var settings: EndpointSettings

    public init(id: String, settings: EndpointSettings = EndpointSettings()) {
        self.id = id
        self.settings = settings
    }
}
