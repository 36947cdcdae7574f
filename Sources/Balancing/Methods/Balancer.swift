/// Picks the endpoint of a pool that gets the next request.
///
/// Endpoints that are not backups are picked first; backups only where none of the others can be. One that is down or
/// drains is never picked. Weight 0 is picked where no other of its kind, backup or not, can be.
///
/// A value of one event loop: turns, draws and measures are its own. Deterministic: the same seed, members, keys and
/// states give the same picks, and a copy picks what the original would. With seed 0 and nothing excluded
/// `round_robin`, `least_conn`, `ip_hash` and `hash` pick what nginx picks for the same list, weights and keys.
/// A pick allocates nothing, but where two members of a ring have the same text. No input traps.
public struct Balancer: Sendable {
    public let method: BalancingMethod
    private let hashBalanceFactor: Int?
    private var primaries: MemberGroup
    private var backups: MemberGroup
    /// Where each member stands among those of its kind that can be picked.
    private var places: [Place] = []

    private struct Place {
        let isBackup: Bool
        let position: Int?
    }

    /// - Parameters:
    ///   - method: for all members; backups of a method with keys take turns, as in nginx.
    ///   - hashBalanceFactor: see ``PoolSettings/hashBalanceFactor``; for methods with keys.
    ///   - members: in the order of the configuration or of the name source.
    ///   - seed: where turns begin and what is drawn. Loops with different seeds do not begin alike. Locations of keys
    ///     do not depend on it.
    public init(
        _ method: BalancingMethod,
        hashBalanceFactor: Int? = nil,
        members: [PoolMember] = [],
        seed: UInt64 = 0
    ) {
        self.method = method
        self.hashBalanceFactor = method.usesKey ? hashBalanceFactor : nil
        primaries = MemberGroup(method, isBackup: false, seed: seed)
        backups = MemberGroup(method, isBackup: true, seed: seed)
        if !members.isEmpty { update(members.map { ($0, nil) }) }
    }

    /// Takes other members, or other settings, without a new beginning for those that stay.
    ///
    /// Rings and tables are made again only where an address or a weight changes: up to 0.1 s for the largest ones.
    ///
    /// - Parameter members: in their order, each with the index that it has had so far; nil: it is new.
    public mutating func update(_ members: [(member: PoolMember, previous: Int?)]) {
        var split: (primaries: [Entry], backups: [Entry]) = ([], [])
        for (index, (member, previous)) in members.enumerated() {
            let isBackup = member.settings.isBackup
            let place = previous.flatMap { places.indices.contains($0) ? places[$0] : nil }
            let position = place.flatMap { $0.isBackup == isBackup ? $0.position : nil }
            let entry = (index: index, member: member, previous: position)
            if isBackup { split.backups.append(entry) } else { split.primaries.append(entry) }
        }
        primaries.update(split.primaries)
        backups.update(split.backups)
        places = members.map { Place(isBackup: $0.member.settings.isBackup, position: nil) }
        for (position, index) in primaries.usable.enumerated() {
            places[index] = Place(isBackup: false, position: position)
        }
        for (position, index) in backups.usable.enumerated() {
            places[index] = Place(isBackup: true, position: position)
        }
    }

    private typealias Entry = (index: Int, member: PoolMember, previous: Int?)

    /// The index of the member that gets the next request; nil: there is none.
    ///
    /// - Parameters:
    ///   - key: for ``BalancingMethod/ipHash`` the 4 or 16 bytes of the client's address, for the other methods with
    ///     keys the bytes of the key; an empty one means turns. Other methods ignore it.
    ///   - state: of the member with this index. Evaluated several times for each member with most methods, for one or
    ///     a few with a key or a draw. It need not be the same each time.
    public mutating func pick(key: Span<UInt8>, _ state: (Int) -> EndpointLoad) -> Int? {
        primaries.pick(key, bound: hashBalanceFactor, state) ?? backups.pick(key, bound: nil, state)
    }

    /// The same where nothing is known of any member: with `round_robin` and equal weights it costs the same however
    /// many there are.
    public mutating func pick(key: Span<UInt8>) -> Int? {
        primaries.pick(key) ?? backups.pick(key)
    }

    public mutating func pick(key: [UInt8] = [], _ state: (Int) -> EndpointLoad) -> Int? {
        pick(key: key.span, state)
    }

    public mutating func pick(key: [UInt8] = []) -> Int? {
        pick(key: key.span)
    }
}
