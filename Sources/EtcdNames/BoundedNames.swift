import Names

/// Names with their endpoints, of which there are no more than a maximum: who may write to a registry must not fill the
/// memory of its followers.
struct BoundedNames: Sendable {
    /// The maximum number of endpoints of all names together.
    let maximum: Int
    private(set) var names: [String: [NamedAddress]]
    private(set) var endpoints: Int

    /// - Parameter names: they are kept, also where they are more than the maximum.
    init(_ names: [String: [NamedAddress]] = [:], maximum: Int) {
        self.maximum = maximum
        self.names = names
        endpoints = names.values.reduce(0) { $0 + $1.count }
    }

    subscript(name: String) -> [NamedAddress]? { names[name] }

    /// Whether there is room for names that were refused.
    var hasRoom: Bool { endpoints <= maximum - maximum / 10 - 1 }

    /// - Parameter reserve: endpoints that are left free.
    /// - Returns: false, and changes nothing: there would be too many.
    mutating func set(_ name: String, _ addresses: [NamedAddress], reserve: Int = 0) -> Bool {
        let old = names[name]?.count ?? 0
        // What a name has it may exchange.
        guard addresses.count <= old || endpoints - old + addresses.count + reserve <= maximum else {
            return false
        }
        names[name] = addresses
        endpoints += addresses.count - old
        return true
    }

    mutating func remove(_ name: String) {
        endpoints -= names.removeValue(forKey: name)?.count ?? 0
    }
}
