package import HashTreeCollections

/// A name with its addresses, from the first source that knows it.
package struct ResolvedName: Sendable {
    /// The source's label for operators: `static`, `hosts_file rules/hosts`.
    package let source: String
    /// In the source's order; never empty.
    package let addresses: [NamedAddress]
    /// Marked by those who use the name, where the answer expires otherwise; nil: it does not expire.
    package let use: UsageMark?

    package init(source: String, addresses: [NamedAddress], use: UsageMark?) {
        self.source = source
        self.addresses = addresses
        self.use = use
    }
}

/// The result of a lookup in a table.
package enum NameLookup: Sendable {
    case known(ResolvedName)
    /// No source knows the name.
    case unknown
    /// An earlier source has to be queried or waited for first: see `NameResolver`.
    case unresolved
    /// No source knows the name, and at least one could not be queried.
    case failed(NameProblem)

    package var resolved: ResolvedName? {
        if case .known(let name) = self { return name }
        return nil
    }
}

/// The state of one name that a query source was queried for.
package enum CachedAnswer: Sendable {
    case addresses([NamedAddress], UsageMark)
    /// There is no such name. It is in use if a later source has the name.
    case none(UsageMark)
    /// The last query failed.
    case failed(NameProblem, UsageMark)

    var use: UsageMark {
        switch self {
        case .addresses(_, let use), .none(let use), .failed(_, let use): use
        }
    }
}

/// The names of one source at one moment.
package struct NameLayer: Sendable {
    package enum Content: Sendable {
        /// All names of a live source.
        case names(TreeDictionary<String, [NamedAddress]>)
        /// The answers of a query source; other names have to be queried.
        case answers(TreeDictionary<String, CachedAnswer>)
        /// A live source that has not emitted anything yet.
        case cold
        /// A live source that is down, without names or with names that are too old.
        case failed(NameProblem)
    }

    package let source: String
    package let content: Content
    /// The names are this host's own.
    package let isLocal: Bool

    package init(source: String, content: Content, isLocal: Bool = false) {
        self.source = source
        self.content = content
        self.isLocal = isLocal
    }

    package init(source: String, names: [String: [NamedAddress]], isLocal: Bool = false) {
        let names = TreeDictionary(uniqueKeysWithValues: names.map { $0 })
        self.init(source: source, content: .names(names), isLocal: isLocal)
    }
}

/// The names of all sources at one moment, in the order of their precedence.
///
/// Immutable: each event loop holds one and looks names up without a lock. An update is a new table, which shares
/// what has not changed with the previous one.
package final class NameTable: Sendable {
    package let layers: [NameLayer]

    package static let empty = NameTable(layers: [])

    package init(layers: [NameLayer]) {
        self.layers = layers
    }

    /// Looks a name up: the first layer that has it counts. The order is strict: a layer that may have the name but
    /// has to be queried or waited for is not skipped; one that is down is.
    ///
    /// - Parameter name: the target's name, lower case, without a port.
    package func lookUp(_ name: String) -> NameLookup {
        NameTable.lookUp(name, in: layers).lookup
    }

    /// The label of the names that are written in the rule files themselves.
    package static let writtenSource = "static"

    /// Like `lookUp`, among the names that the rule files themselves spell out.
    package func lookUpWritten(_ name: String) -> NameLookup {
        NameTable.lookUp(name, in: layers.filter { $0.source == Self.writtenSource }).lookup
    }

    /// The index of the layer that resolves the name; nil: none does.
    package func layer(of name: String) -> Int? {
        let (lookup, layer) = NameTable.lookUp(name, in: layers)
        guard case .known = lookup else { return nil }
        return layer
    }

    /// - Returns: with `.unresolved`, the index of the layer that the name waits for.
    static func lookUp(_ name: String, in layers: [NameLayer]) -> (lookup: NameLookup, layer: Int) {
        var problem: NameProblem?
        // Answers of earlier sources, which the result depends on.
        var passed: [UsageMark] = []
        for (index, layer) in layers.enumerated() {
            switch layer.content {
            case .names(let names):
                if let addresses = names[name], !addresses.isEmpty {
                    let use = passed.isEmpty ? nil : UsageMark(passed)
                    let name = ResolvedName(source: layer.source, addresses: addresses, use: use)
                    return (.known(name), index)
                }
            case .answers(let answers):
                switch answers[name] {
                case .addresses(let addresses, let use):
                    let use = passed.isEmpty ? use : UsageMark(passed + [use])
                    let name = ResolvedName(source: layer.source, addresses: addresses, use: use)
                    return (.known(name), index)
                case .failed(let reason, let use):
                    problem = problem ?? reason
                    passed.append(use)
                case .none(let use)?: passed.append(use)
                case nil: return (.unresolved, index)
                }
            case .cold: return (.unresolved, index)
            case .failed(let reason): problem = problem ?? reason
            }
        }
        return (problem.map { .failed($0) } ?? .unknown, layers.count)
    }
}
