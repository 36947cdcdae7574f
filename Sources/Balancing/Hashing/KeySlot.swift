/// What a hash has for an endpoint: one of the list that the locations are made from.
///
/// Endpoints that are down or drain have slots, too: a key of another endpoint does not move because of them.
struct KeySlot: Sendable, Hashable {
    /// See ``PoolMember/id``.
    let id: String
    let weight: UInt16
}
