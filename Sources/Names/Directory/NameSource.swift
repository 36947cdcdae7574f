/// A source of names, as a directory lists it. Nothing runs until the directory starts it.
package struct NameSource: Sendable {
    package enum Kind: Sendable {
        /// Knows all its names and tells what changes.
        case live(any LiveNameSource)
        /// Is asked for one name at a time.
        case query(any QueryNameSource)
    }

    /// What makes two sources the same: then a reload keeps the one that runs.
    package enum Key: Hashable, Sendable {
        case names([String: [NamedAddress]])
        /// Everything that was set, in words.
        case settings(String)
    }

    /// The source in words, for operators: `static`, `hosts_file rules/hosts`, `dns`.
    package let label: String
    package let key: Key
    package let kind: Kind
    /// How long the last names, or an answer that has expired, stay in force while the source is
    /// down (nil: without limit).
    package let maxStale: Duration?
    /// What it knows is this host's own, a file or an engine, and not what many hosts share.
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

    /// Ends the source. Called once, after `start`; updates that are emitted later are ignored.
    func stop()
}

extension LiveNameSource {
    package func initialNames() throws(NameSourceError) -> [String: [NamedAddress]]? { nil }
}

/// A source that is queried for one name at a time: DNS, the system.
package protocol QueryNameSource: Sendable {
    func start()

    /// Queries one name. `completion` is called exactly once, on any thread, also after `stop`.
    ///
    /// - Parameter name: lower case, a valid host name.
    func query(_ name: String, completion: @escaping @Sendable (NameQueryResult) -> Void)

    func stop()
}

extension QueryNameSource {
    package func start() {}
    package func stop() {}
}

/// What a query source says of one name.
package enum NameQueryResult: Sendable, Equatable {
    /// Never empty; good for `ttl`.
    case addresses([NamedAddress], ttl: Duration)
    /// The source is sure that the name has no address.
    case none(ttl: Duration)
    /// The source could not find out.
    case failed(NameProblem)
}

/// Why nobody can say what a name stands for.
package struct NameProblem: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// No answer in time.
        case timeout
        /// The source, or all its servers, cannot be asked or answer with an error.
        case unavailable
        /// Too many names are being asked for.
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
    /// The file, or the source in words.
    package let path: String
    package let reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}
