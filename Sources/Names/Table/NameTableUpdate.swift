package import NIOCore

/// A new table, with its differences from the previous one.
package struct NameTableUpdate: Sendable {
    package let table: NameTable
    /// The names whose lookups may have changed; nil: any (a source has become available or no longer is, or there
    /// are other sources).
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
    /// - Parameters:
    ///   - waiter: whom the result is for, see `abandon`.
    ///   - completion: called once, on any thread, with any result but `.unresolved`, after the
    ///     subscribers have received the table that holds the result.
    func resolve(
        _ name: String,
        for waiter: ObjectIdentifier,
        completion: @escaping @Sendable (NameLookup) -> Void
    )

    /// `waiter` needs the name no longer: its completions for the name may not be called. A query that nobody waits for
    /// is not sent.
    func abandon(_ name: String, for waiter: ObjectIdentifier)
}

/// An event of a source, for the log and the counters; not an error of a request.
package enum NameSourceEvent: Sendable, Equatable {
    /// The source has emitted all its names: at the start, or after it was down.
    case loaded(source: String, names: Int)
    /// An entry that was skipped.
    case problem(source: String, String)
    /// Something that operators should see.
    case warning(source: String, String)
    /// The source is down; so many of its names stay in force.
    case down(source: String, reason: String, serving: Int)
    /// It is up again.
    case up(source: String)
    /// It was down for longer than its `max_stale`: its names are no longer in force.
    case expired(source: String)
}

/// The age and the remaining life of a query source's answer.
package struct AnswerLifetime: Sendable, Equatable {
    /// Since its addresses last changed.
    package let age: Duration
    /// Until it expires; zero: it has expired, and serves because the source fails.
    package let left: Duration
}

/// The state of a source, for operators.
package struct NameSourceStatus: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// It has not emitted anything, or was not queried.
        case cold
        case up
        case down(reason: String)
    }

    package let source: String
    package let state: State
    /// Names in force, without those that are known not to exist.
    package let names: Int
    /// Entries skipped since the start.
    package let problems: UInt64
    /// Queries since the start (query sources).
    package let queries: UInt64
    /// The queries that failed.
    package let failures: UInt64
    /// When the source last emitted anything; nil: it has not.
    package let updated: NIODeadline?
}
