/// An update of a live name source.
///
/// A source emits updates in order, from one thread or loop at a time; the receiver keeps the names. A source
/// that is down emits `down` once: the last names stay in force until the next snapshot or update.
package enum NameSourceUpdate: Sendable {
    /// All names of the source; others are removed. The source is up.
    case snapshot([String: [NamedAddress]])
    /// Changed names; the addresses of names in `set` are replaced. The source is up: an update without names after
    /// it was down reports that it has missed nothing.
    case update(set: [String: [NamedAddress]], removed: [String])
    /// The source cannot be reached now.
    case down(reason: String)
    /// An entry that was skipped; never fatal.
    case problem(String)
    /// Something that operators should see; it changes no name.
    case warning(String)
}
