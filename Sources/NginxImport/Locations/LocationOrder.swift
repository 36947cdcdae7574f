/// One step in the order in which a server matches paths.
struct LocationStep {
    let condition: PathCondition
    /// From the outermost location to the one that handles the request; empty: the server handles it.
    let chain: [Location]
    /// The location's path, for a request that lacks its final slash: nginx redirects it.
    var redirectsTo: String?
}

/// Orders locations so that the first one that matches is the one that nginx uses.
///
/// nginx uses an exact location if there is one. Otherwise it finds the longest prefix, tries the regular
/// expressions in file order unless the prefix is `^~`, and falls back to the prefix. Locations nested in the
/// prefix come first, in the same way.
struct LocationOrder {
    private(set) var steps: [LocationStep] = []

    init(_ locations: [Location]) {
        if Self.isFlat(locations) {
            addFlat(locations)
        } else {
            addLevel(locations, chain: [], under: nil, later: [])
        }
    }

    private typealias Regex = (regex: NginxRegex, chain: [Location])

    /// Whether the short order is right: nothing is nested, and no prefix is longer than a `^~` that it begins with.
    private static func isFlat(_ locations: [Location]) -> Bool {
        var finals: [String] = []
        for location in locations {
            guard location.nested.isEmpty else { return false }
            if case .prefix(let path, final: true) = location.kind { finals.append(path) }
        }
        return !locations.contains { location in
            guard case .prefix(let path, final: false) = location.kind else { return false }
            return finals.contains { path.hasPrefix($0) }
        }
    }

    private mutating func addFlat(_ locations: [Location]) {
        addExact(locations, chain: [])
        let prefixes = Self.longestFirst(locations)
        for location in prefixes {
            if case .prefix(let path, final: true) = location.kind {
                steps.append(LocationStep(condition: .prefix(path), chain: [location]))
            }
        }
        for location in locations {
            if case .regex(let regex) = location.kind {
                steps.append(
                    LocationStep(condition: .pattern(regex, under: nil, exactly: false), chain: [location])
                )
            }
        }
        for location in prefixes {
            if case .prefix(let path, final: false) = location.kind {
                steps.append(LocationStep(condition: .prefix(path), chain: [location]))
            }
        }
        addServer(locations, chain: [])
    }

    /// - Parameters:
    ///   - chain: the enclosing locations.
    ///   - under: the prefix of the innermost of them.
    ///   - later: regular expressions of the enclosing levels, which are tried if none of this level matches.
    private mutating func addLevel(
        _ locations: [Location],
        chain: [Location],
        under prefix: String?,
        later: [Regex]
    ) {
        addExact(locations, chain: chain)
        let regexes: [Regex] = locations.compactMap { location in
            guard case .regex(let regex) = location.kind else { return nil }
            return (regex, chain + [location])
        }
        for location in Self.longestFirst(locations) {
            guard case .prefix(let path, let final) = location.kind else { continue }
            addLevel(
                location.nested,
                chain: chain + [location],
                under: path,
                later: final ? later : regexes + later
            )
        }
        // No nested location matches: the expressions of this level and of the enclosing ones, then the prefix.
        for (regex, chain) in regexes + later {
            steps.append(
                LocationStep(condition: .pattern(regex, under: prefix, exactly: false), chain: chain)
            )
        }
        if let prefix {
            steps.append(LocationStep(condition: .prefix(prefix), chain: chain))
        } else {
            addServer(locations, chain: chain)
        }
    }

    private static func longestFirst(_ locations: [Location]) -> [Location] {
        let prefixes = locations.filter { if case .prefix = $0.kind { true } else { false } }
        return prefixes.enumerated().sorted { a, b in
            let (left, right) = (a.element.path?.utf8.count ?? 0, b.element.path?.utf8.count ?? 0)
            return left == right ? a.offset < b.offset : left > right
        }.map(\.element)
    }

    private mutating func addExact(_ locations: [Location], chain: [Location]) {
        for location in locations {
            if case .exact(let path) = location.kind {
                steps.append(LocationStep(condition: .exact(path), chain: chain + [location]))
            }
        }
        // A request for `/app` is redirected to a proxied `/app/`, unless `/app` is a location, too.
        let paths = Set(locations.compactMap(\.path))
        var added: Set<String> = []
        for location in locations where location.block.contains(where: { $0.name.hasSuffix("_pass") }) {
            guard let path = location.path, path.utf8.count > 1, path.hasSuffix("/") else { continue }
            let bare = String(path.dropLast())
            guard !paths.contains(bare), added.insert(bare).inserted else { continue }
            steps.append(
                LocationStep(condition: .exact(bare), chain: chain + [location], redirectsTo: path)
            )
        }
    }

    /// Paths that no location matches.
    private mutating func addServer(_ locations: [Location], chain: [Location]) {
        let all = locations.contains { location in
            if case .prefix("/", _) = location.kind { true } else { false }
        }
        if !all { steps.append(LocationStep(condition: .any, chain: chain)) }
    }
}
