public import Routing
package import Settings

/// What the rule files of a set contain, checked and compiled: immutable, for all threads.
///
/// The settings of a tier (`names`, `limits`, …) are for Berth itself: they are not part of the library's API.
public struct Configuration: Sendable {
    /// The rules of all files, in order.
    public let table: RouteTable
    /// Where the tier listens, besides `--listen`.
    package let listeners: [ListenerSettings]
    /// In the order in which they are queried: first the pools that have endpoints of their own.
    package let names: [NameSourceSettings]
    /// Peers whose `X-Forwarded-*` fields are trusted (default: none).
    package let trustedProxies: [CIDR]
    /// Names in lower case, of fields that pass from peers and endpoints that are not trusted (default: none).
    package let keptFields: [[UInt8]]
    /// For requests without a rule, and where the rule has no page for the error (default: none).
    package let errorPages: [FrozenErrorPage]
    package let limits: Limits
    package let timeouts: Timeouts<Duration>
    /// The files that were read, in their order.
    public let files: [String]
    /// What is valid, but probably not intended. Never contains an error.
    public let warnings: [Diagnostic]
}
