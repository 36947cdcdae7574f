import HashTreeCollections

extension NameLayer {
    /// All names that a live source holds, in their order; nil where the source is asked, or has none to tell.
    /// For people: it copies and sorts.
    public var held: [(name: String, addresses: [NamedAddress])]? {
        guard case .names(let names) = content else { return nil }
        return names.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
