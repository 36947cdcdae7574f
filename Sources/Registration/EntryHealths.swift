import Names

/// The health of entries: what is to be written with each, and what was.
///
/// A change is written when its turn comes, the oldest first: one that has ended before is not.
struct EntryHealths: Sendable {
    private var wanted: [String: PublishedHealth] = [:]
    private var written: [String: PublishedHealth] = [:]
    /// When each of those that differ began to, as a number that grows.
    private var changes: [String: UInt64] = [:]
    private var count: UInt64 = 0
    /// No change is written before.
    private(set) var next: Duration = .zero

    subscript(name: String) -> PublishedHealth? { wanted[name] }

    /// - Parameter names: of all entries; nothing is kept of others.
    mutating func want(_ health: [String: PublishedHealth], among names: some Collection<String>) {
        wanted = [:]
        var kept: [String: PublishedHealth] = [:]
        var differing: [String: UInt64] = [:]
        for name in names {
            wanted[name] = health[name]
            kept[name] = written[name]
            if health[name] != written[name] { differing[name] = changes[name] ?? number() }
        }
        written = kept
        changes = differing
    }

    mutating func wrote(_ health: PublishedHealth?, to name: String) {
        written[name] = health
        if wanted[name] == health { changes[name] = nil } else { changes[name] = changes[name] ?? number() }
    }

    /// All entries are gone.
    mutating func forgetWritten() {
        written = [:]
        changes = [:]
    }

    /// The entries that have another health than what was written, the oldest change first.
    ///
    /// - Parameter isPresent: the entry exists; the others are put with their health.
    func due(_ now: Duration, limit: Int, where isPresent: (String) -> Bool) -> [String] {
        guard now >= next, !changes.isEmpty else { return [] }
        let due = changes.filter { isPresent($0.key) }.sorted { $0.value < $1.value }
        return due.prefix(limit).map(\.key)
    }

    /// Whether a change waits for its time.
    func waits(where isPresent: (String) -> Bool) -> Bool { changes.keys.contains(where: isPresent) }

    /// Changes are sent.
    mutating func sent(_ now: Duration) { next = now + RegistrationMachine.Limit.healthInterval }

    private mutating func number() -> UInt64 {
        count &+= 1
        return count
    }
}
