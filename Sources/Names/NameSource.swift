/// A source of names, as a directory lists it. Nothing runs until the directory starts it.
public struct NameSource: Sendable {
    public enum Kind: Sendable {
        /// Knows all its names and tells what changes.
        case live(any LiveNameSource)
        /// Is asked for one name at a time.
        case query(any QueryNameSource)
    }

    /// What makes two sources the same: then a reload keeps the one that runs.
    public enum Key: Hashable, Sendable {
        case names([String: [NamedAddress]])
        /// Everything that was set, in words.
        case settings(String)
    }

    /// The source in words, for operators: `static`, `hosts_file rules/hosts`, `dns`.
    public let label: String
    public let key: Key
    public let kind: Kind
    /// How long the last names, or an answer that has expired, stay in force while the source is
    /// down (nil: without limit).
    public let maxStale: Duration?
    /// What it knows is this host's own, a file or an engine, and not what many hosts share.
    public let isLocal: Bool

    public init(label: String, key: Key, kind: Kind, maxStale: Duration? = nil, isLocal: Bool = false) {
        self.isLocal = isLocal
        self.label = label
        self.key = key
        self.kind = kind
        self.maxStale = maxStale
    }
}

/// A source that holds all its names: a file, a registry.
public protocol LiveNameSource: Sendable {
    /// What is known without waiting for anybody: names that are authoritative from the first
    /// request on, or nil. May block; asked once, before `start`, on the thread that sets the
    /// directory up.
    ///
    /// - Throws: where an operator who starts the tier should see it at once.
    func first() throws(NameSourceError) -> [String: [NamedAddress]]?

    /// Begins to tell news, from any thread but in order, until `stop`. Called once. A source that
    /// cannot be reached and has no cache tells `.down`: until it has told a snapshot, or that, the
    /// directory lets names wait for it.
    func start(_ tell: @escaping @Sendable (NameChange) -> Void)

    /// Ends it. Called once, after `start`; what is told later is not heard.
    func stop()
}

extension LiveNameSource {
    public func first() throws(NameSourceError) -> [String: [NamedAddress]]? { nil }
}

/// A source that answers questions: DNS, the system.
public protocol QueryNameSource: Sendable {
    func start()

    /// Asks for one name. `done` is called exactly once, on any thread, also after `stop`.
    ///
    /// - Parameter name: lower case, a valid host name.
    func ask(_ name: String, done: @escaping @Sendable (NameReply) -> Void)

    func stop()
}

extension QueryNameSource {
    public func start() {}
    public func stop() {}
}

/// What a query source says of one name.
public enum NameReply: Sendable, Equatable {
    /// Never empty; good for `ttl`.
    case addresses([NamedAddress], ttl: Duration)
    /// The source is sure that the name has no address.
    case none(ttl: Duration)
    /// The source could not find out.
    case failed(NameProblem)
}

/// Why nobody can say what a name stands for.
public struct NameProblem: Error, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// No answer in time.
        case timeout
        /// The source, or all its servers, cannot be asked or answer with an error.
        case unavailable
        /// Too many names are being asked for.
        case overloaded
    }

    public let kind: Kind
    /// For the log: `dns: SERVFAIL from 127.0.0.1`.
    public let reason: String

    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}

/// A name source that cannot be read or set up.
public struct NameSourceError: Error, CustomStringConvertible, Sendable {
    /// The file, or the source in words.
    public let path: String
    public let reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}
