/// A source of names, as a directory lists it. Nothing runs until the directory starts it.
package struct NameSource: Sendable {
    package enum Kind: Sendable {
        /// Holds all its names, and emits changes.
        case live(any LiveNameSource)
        /// Is queried for one name at a time.
        case query(any QueryNameSource)
    }

    /// Two sources with the same key are the same: a reload keeps the running one.
    package enum Key: Hashable, Sendable {
        case names([String: [NamedAddress]])
        case pools([String: [NamedAddress]])
        /// All settings as text.
        case settings(String)
    }

    /// The source for operators: `static`, `hosts_file rules/hosts`, `dns`.
    package let label: String
    package let key: Key
    package let kind: Kind
    /// How long the last names, or an expired answer, stay in force while the source is down; nil: without limit.
    package let maxStale: Duration?
    /// Its names are this host's own (a file, an engine), not shared by many hosts.
    package let isLocal: Bool

    package init(label: String, key: Key, kind: Kind, maxStale: Duration? = nil, isLocal: Bool = false) {
        self.isLocal = isLocal
        self.label = label
        self.key = key
        self.kind = kind
        self.maxStale = maxStale
    }
}

/// A source that holds all its names: a file, a registry.
package protocol LiveNameSource: Sendable {
    /// The names that are known without waiting: they are authoritative from the first request on; nil: none.
    /// May block. Called once, before `start`, on the thread that sets the directory up.
    ///
    /// - Throws: where an operator who starts the tier should see the failure at once.
    func initialNames() throws(NameSourceError) -> [String: [NamedAddress]]?

    /// Starts to emit updates, on any thread but in order, until `stop`. Called once. A source that
    /// cannot be reached and has no cache emits `.down`: until it has emitted that or a snapshot, the
    /// directory lets names wait for it.
    func start(_ emit: @escaping @Sendable (NameSourceUpdate) -> Void)

    /// Reads again what the source reads from a file; returns at once. An operator may request it at any time.
    func reread()

    /// Ends the source. Called once, after `start`; updates that are emitted later are ignored.
    func stop()
}

extension LiveNameSource {
    package func reread() {}
    package func initialNames() throws(NameSourceError) -> [String: [NamedAddress]]? { nil }
}

/// A source that is queried for one name at a time: DNS, the system.
///
/// The directory limits the queries that are open at one time to twice `traits.places`; there is never more than one
/// for a name.
package protocol QueryNameSource: Sendable {
    var traits: QueryTraits { get }

    func start()

    /// Queries one name. `completion` is called exactly once, on any thread, also after `stop`.
    ///
    /// - Parameter name: lower case, a valid host name.
    func query(_ name: String, completion: @escaping @Sendable (NameQueryResult) -> Void)

    /// Whether the source has the name from elsewhere than a server that may be down: such a name says nothing of the
    /// server. May read a small file.
    func isFixed(_ name: String) -> Bool

    func stop()
}

extension QueryNameSource {
    package var traits: QueryTraits { QueryTraits() }
    package func isFixed(_ name: String) -> Bool { false }
    package func start() {}
    package func stop() {}
}

/// The result of a query for one name.
package enum NameQueryResult: Sendable, Equatable {
    /// Never empty; valid for `ttl`.
    case addresses([NamedAddress], ttl: Duration)
    /// The name has no address.
    case none(ttl: Duration)
    /// The query failed.
    case failed(NameProblem)
}

/// Why a name cannot be resolved.
package struct NameProblem: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// No response in time.
        case timeout
        /// The source, or all its servers, cannot be reached or respond with an error.
        case unavailable
        /// Too many names are being resolved.
        case overloaded
    }

    package let kind: Kind
    /// For the log: `dns: SERVFAIL from 127.0.0.1`.
    package let reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}

/// A name source that cannot be read or set up.
package struct NameSourceError: Error, CustomStringConvertible, Sendable {
    /// The file, or the location of the source in a rule file.
    package let path: String
    package let reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}
