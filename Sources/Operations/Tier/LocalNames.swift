import Names

/// The names of a tier's own sources (`static`, `hosts_file`, `containers`), kept up to date.
struct LocalNames: Sendable {
    private(set) var names: Set<String> = []

    /// - Returns: whether the names have changed.
    mutating func apply(_ update: NameTableUpdate) -> Bool {
        let layers = update.table.layers.filter(\.isLocal)
        let before = names
        if let changed = update.changed {
            for name in changed {
                if layers.contains(where: { $0.holds(name) }) {
                    names.insert(name)
                } else {
                    names.remove(name)
                }
            }
        } else {
            names = []
            for layer in layers { names.formUnion(layer.heldNames) }
        }
        return names != before
    }
}
