public import Balancing

/// A pool as it is written, before it is checked and compiled.
public struct PoolDefinition: Sendable, Hashable {
    /// The targets that the pool is for.
    public enum Selector: Sendable, Hashable {
        /// The target of this name.
        case name(String)
        /// `~pattern`: each target whose name has a match of it, anywhere unless the pattern is anchored.
        case match(String)
    }

    public var selector: Selector
    /// The pool's own endpoints; empty: those of the name sources.
    public var endpoints: [PoolEndpoint] = []
    public var settings = PoolSettings()
    /// A template: what the request's hash is made of. For methods that need one.
    public var hashKey: String?
    /// The targets that requests are split between; empty: the target has endpoints of its own.
    public var split: [SplitItem] = []
    /// The target that takes over where no endpoint of this one can be picked: a text, or a template.
    public var failover: String?
    /// Where it was written, for messages.
    public var origin: SourceLocation?

    public init(_ selector: Selector, origin: SourceLocation? = nil) {
        self.selector = selector
        self.origin = origin
    }

    /// For people: the name, or the pattern.
    public var label: String {
        switch selector {
        case .name(let name): name
        case .match(let pattern): pattern
        }
    }
}

/// An endpoint that a pool names itself.
public struct PoolEndpoint: Sendable, Hashable {
    public var endpoint: Endpoint
    public var settings: EndpointSettings

    public init(_ endpoint: Endpoint, settings: EndpointSettings = EndpointSettings()) {
        self.endpoint = endpoint
        self.settings = settings
    }
}
