import HashTreeCollections

extension NameTable {
    /// The names that sources list, without those that have to be queried.
    package var knownNames: [String] {
        var known: [String] = []
        for layer in layers {
            if case .names(let names) = layer.content { known += names.keys }
        }
        return known
    }
}
