/// A `location`, with those inside of it.
struct Location {
    enum Kind {
        case exact(String)
        /// `final`: `^~`, after which no expressions are asked.
        case prefix(String, final: Bool)
        case regex(NginxRegex)
        case named(String)
    }

    let kind: Kind
    let directive: Directive
    let block: [Directive]
    let inside: [Location]

    var place: NginxPlace { directive.place }

    /// The path that it is for, where it is no expression.
    var path: String? {
        switch kind {
        case .exact(let path), .prefix(let path, _): path
        case .regex, .named: nil
        }
    }
}

/// A place in the ordered list of what a server does with a path.
struct LocationLeaf {
    let condition: PathCondition
    /// From the outermost to the one that handles the request; empty: the server itself.
    let chain: [Location]
    /// nginx adds the slash that a request for this location lacks.
    var redirectsTo: String?
}

/// Puts locations into an order in which the first that matches is the one that nginx takes.
///
/// nginx takes an exact location; else it remembers the longest prefix, asks the expressions in
/// their order unless the prefix is `^~`, and falls back to the prefix. Locations inside of the
/// prefix are asked the same way first.
struct LocationOrder {
    private(set) var leaves: [LocationLeaf] = []

    init(_ locations: [Location]) {
        if Self.isPlain(locations) {
            plain(locations)
        } else {
            full(locations, chain: [], behind: nil, later: [])
        }
    }

    private typealias Regex = (regex: NginxRegex, chain: [Location])

    /// Whether the short order is right: nothing inside, and no `^~` with a longer plain prefix in it.
    private static func isPlain(_ locations: [Location]) -> Bool {
        var finals: [String] = []
        for location in locations {
            guard location.inside.isEmpty else { return false }
            if case .prefix(let path, final: true) = location.kind { finals.append(path) }
        }
        return !locations.contains { location in
            guard case .prefix(let path, final: false) = location.kind else { return false }
            return finals.contains { path.hasPrefix($0) }
        }
    }

    private mutating func plain(_ locations: [Location]) {
        addExact(locations, chain: [])
        let prefixes = Self.longestFirst(locations)
        for location in prefixes {
            if case .prefix(let path, final: true) = location.kind {
                leaves.append(LocationLeaf(condition: .prefix(path), chain: [location]))
            }
        }
        for location in locations {
            if case .regex(let regex) = location.kind {
                leaves.append(
                    LocationLeaf(condition: .pattern(regex, behind: nil, exactly: false), chain: [location])
                )
            }
        }
        for location in prefixes {
            if case .prefix(let path, final: false) = location.kind {
                leaves.append(LocationLeaf(condition: .prefix(path), chain: [location]))
            }
        }
        addServer(locations, chain: [], behind: nil)
    }

    /// - Parameters:
    ///   - chain: the locations around.
    ///   - behind: the prefix of the innermost one.
    ///   - later: expressions of the levels around, which are asked when this level has no answer.
    private mutating func full(
        _ locations: [Location],
        chain: [Location],
        behind: String?,
        later: [Regex]
    ) {
        addExact(locations, chain: chain)
        let regexes: [Regex] = locations.compactMap { location in
            guard case .regex(let regex) = location.kind else { return nil }
            return (regex, chain + [location])
        }
        for location in Self.longestFirst(locations) {
            guard case .prefix(let path, let final) = location.kind else { continue }
            full(
                location.inside,
                chain: chain + [location],
                behind: path,
                later: final ? later : regexes + later
            )
        }
        // Nothing on this level: its expressions, those around, and then what is around.
        let asked = regexes + later
        for (regex, chain) in asked {
            leaves.append(
                LocationLeaf(condition: .pattern(regex, behind: behind, exactly: false), chain: chain)
            )
        }
        if let behind {
            leaves.append(LocationLeaf(condition: .prefix(behind), chain: chain))
        } else {
            addServer(locations, chain: chain, behind: nil)
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
                leaves.append(LocationLeaf(condition: .exact(path), chain: chain + [location]))
            }
        }
        // `/app` for a proxied `/app/` is redirected, unless it is a location of its own.
        let paths = Set(locations.compactMap(\.path))
        var added: Set<String> = []
        for location in locations where location.block.contains(where: { $0.name.hasSuffix("_pass") }) {
            guard let path = location.path, path.utf8.count > 1, path.hasSuffix("/") else { continue }
            let bare = String(path.dropLast())
            guard !paths.contains(bare), added.insert(bare).inserted else { continue }
            leaves.append(
                LocationLeaf(condition: .exact(bare), chain: chain + [location], redirectsTo: path)
            )
        }
    }

    /// What no location takes.
    private mutating func addServer(_ locations: [Location], chain: [Location], behind: String?) {
        let all = locations.contains { location in
            if case .prefix("/", _) = location.kind { true } else { false }
        }
        if !all { leaves.append(LocationLeaf(condition: .any, chain: chain)) }
    }
}
