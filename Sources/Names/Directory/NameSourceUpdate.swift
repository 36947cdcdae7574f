/// News from a live name source.
///
/// A source tells its news in order, from one thread or loop at a time; who listens
/// keeps the names. A source that is down tells so once and stays silent about names:
/// the last ones stay in force until it tells others.
package enum NameSourceUpdate: Sendable {
    /// All that the source knows now; what is not in it is gone. The source is up.
    case snapshot([String: [NamedAddress]])
    /// Only what is different; names in `set` are replaced whole. The source is up: after it was
    /// down an update without a name says that it has missed nothing.
    case update(set: [String: [NamedAddress]], removed: [String])
    /// The source cannot be asked now.
    case down(reason: String)
    /// An entry that was passed over; never fatal.
    case problem(String)
}
