import HashTreeCollections

extension NameLayer {
    /// Whether it holds the name now.
    package func holds(_ name: String) -> Bool {
        guard case .names(let names) = content else { return false }
        return names[name]?.isEmpty == false
    }

    /// All names that it holds, in any order.
    package var heldNames: [String] {
        guard case .names(let names) = content else { return [] }
        return names.filter { !$0.value.isEmpty }.map(\.key)
    }

    /// All names that a live source holds, sorted; nil where it is a query source, or has no names yet.
    /// For operators: it copies and sorts.
    package var held: [(name: String, addresses: [NamedAddress])]? {
        guard case .names(let names) = content else { return nil }
        return names.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
