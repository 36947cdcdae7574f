import Names

/// The entries of the pages of a running list.
///
/// There is room for what is in force; what is left goes to further names in the order of their keys.
struct EtcdListing: Sendable {
    /// The maximum number of malformed entries of one list that are reported one by one.
    static let maxProblems = 100

    private(set) var names: BoundedNames
    /// Entries that were refused: there are too many.
    private(set) var refused = 0
    private(set) var problems = 0
    private let inForce: BoundedNames
    /// The endpoints in force whose names have not been listed yet.
    private var reserve: Int

    init(inForce: BoundedNames) {
        self.inForce = inForce
        names = BoundedNames(maximum: inForce.maximum)
        reserve = inForce.endpoints
    }

    /// Whether the rest of the list can change nothing.
    var isFull: Bool { refused > 0 && reserve == 0 }

    mutating func add(_ name: String, _ addresses: [NamedAddress]) {
        let last = inForce[name]
        reserve = max(0, reserve - (last?.count ?? 0))
        if names.set(name, addresses, reserve: reserve) { return }
        refused += 1
        // The last addresses stay; there is room for them.
        if let last { _ = names.set(name, last, reserve: reserve) }
    }

    /// A malformed entry; the last valid value of its name stays in force.
    ///
    /// - Returns: whether to report it.
    mutating func addMalformed(_ name: String?) -> Bool {
        if let name, let last = inForce[name] { add(name, last) }
        problems += 1
        return problems <= Self.maxProblems
    }
}
