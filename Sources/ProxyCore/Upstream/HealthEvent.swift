package import Balancing
package import Routing

/// A change of an endpoint's health, for the log.
package struct HealthEvent: Sendable {
    package let endpoint: Endpoint
    package let identity: String?
    /// The pool that it is a member of; nil for targets without one.
    package let pool: String?
    package let transition: HealthTransition
}

/// Receives the changes, on whatever thread made them: it must return at once.
package typealias HealthReport = @Sendable (HealthEvent) -> Void
