/// A new table, with what is different from the one before.
package struct NameTableUpdate: Sendable {
    package let table: NameTable
    /// The names whose lookups may have changed; nil: any (a source has begun to answer or no longer does,
    /// or there are other sources).
    package let changed: Set<String>?

    package init(table: NameTable, changed: Set<String>?) {
        self.table = table
        self.changed = changed
    }
}

/// Resolves names that a table reports as `.unresolved`.
package protocol NameResolver: Sendable {
    /// Queries the sources for a name, in their order. From any thread; returns at once. Concurrent calls
    /// for one name cause one query per source.
    ///
    /// - Parameter completion: called once, on any thread, with any result but `.unresolved`, after the
    ///   subscribers have received the table that holds the result.
    func resolve(_ name: String, completion: @escaping @Sendable (NameLookup) -> Void)
}

/// What happened to a source, for the log and the counters: never an error of a request.
package enum NameSourceEvent: Sendable, Equatable {
    /// The source has told all its names: at the start, or after it was down.
    case loaded(source: String, names: Int)
    /// An entry that was passed over.
    case problem(source: String, String)
    /// The source can't be asked; so many names of it stay in force.
    case down(source: String, reason: String, serving: Int)
    /// It can again.
    case up(source: String)
    /// It was down for longer than its `max_stale`: its names are no longer in force.
    case expired(source: String)
}

/// How old the answer of a source that is asked is.
package struct AnswerLifetime: Sendable, Equatable {
    /// Since it was learnt, or was last another one.
    package let age: Duration
    /// Until it expires; zero: it has, and serves on because the source can't be asked.
    package let left: Duration
}

/// How a source is, for operators.
package struct NameSourceStatus: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Nothing has come of it yet.
        case cold
        case up
        case down(reason: String)
    }

    package let source: String
    package let state: State
    /// Names in force, without those that are known not to be.
    package let names: Int
    /// Entries passed over since the start.
    package let problems: UInt64
    /// Names asked for since the start (query sources).
    package let questions: UInt64
    /// … and of those, the ones that nothing could be found out about.
    package let failures: UInt64
}
