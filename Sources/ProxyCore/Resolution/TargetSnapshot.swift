package import Balancing
package import Names
package import Routing

/// A target as one event loop has it, for commands.
package struct TargetSnapshot: Sendable {
    package struct Member: Sendable {
        package let endpoint: SharedEndpoint
        package let settings: EndpointSettings
        /// What the name source states for this target; what an operator has set of the endpoint counts before it.
        package let sourceState: EndpointSettings.AdministrativeState
        /// What the tier at the endpoint has published of the target; nil: nothing.
        package let publishedHealth: PublishedHealth?
        /// On this event loop.
        package let requestsInFlight: Int
    }

    /// The requests of a target that has a limit or a queue of its own, on all event loops.
    package struct Places: Sendable {
        /// The same on each loop.
        package let key: TargetKey
        package let requests: Int
        package let waiting: Int
    }

    /// What the next request would get.
    package enum Pick: Sendable, Equatable {
        case endpoint(Endpoint)
        /// A key of the request decides.
        case byKey
        case failure(Failure)
    }

    /// The target's name, as a rule produces it.
    package let name: String
    /// What the rule files say of the target; nil: nothing.
    package let pool: Pool?
    /// The name source that has the target; nil: none.
    package let source: String?
    package let members: [Member]
    package let next: Pick
    /// Nil: its pool says nothing of it.
    package let places: Places?
}
