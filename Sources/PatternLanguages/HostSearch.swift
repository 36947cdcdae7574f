import PatternSyntax

/// Looks for hosts among languages.
///
/// A host is what `Routing.HostName` lets through: lower-case labels of 1 to 63 bytes out of
/// `a-z 0-9 - _`, 253 bytes in all, or an IPv6 address in brackets.
package struct HostSearch {
    package enum Result: Sendable, Hashable {
        /// A shortest host that fits; its text.
        case found([UInt8])
        /// There is certainly no such host.
        case none
        /// A bound was hit, or only IPv6 literals may fit.
        case unknown
    }

    /// The maximum number of combinations of states in one search.
    package static let maxNodes = 60_000
    package static let maxHostBytes = 253
    package static let maxLabelBytes = 63
    /// Eight groups of four digits, seven colons, two brackets.
    static let maxLiteralBytes = 41

    /// Literals that are tried where only literals may fit.
    private static let literals = ["[::1]", "[::]", "[2001:db8::1]", "[fe80::1]", "[2001:db8:1:2:3:4:5:6]"]

    private let inside: [Language]
    private let outside: [Language]

    /// - Parameters:
    ///   - inside: languages that all hold the host.
    ///   - outside: languages that do not contain it.
    package init(inside: [Language], outside: [Language] = []) {
        self.inside = inside
        self.outside = outside
    }

    package func find() -> Result {
        do {
            if let name = try search(Shape.Rules(countsLabels: false, literals: false)) {
                if Self.isName(name) { return .found(name) }
                if let exact = try search(Shape.Rules(countsLabels: true, literals: false)) {
                    // The shortest is too long: so are all.
                    if exact.count <= Self.maxHostBytes { return .found(exact) }
                }
            }
            guard let literal = try search(Shape.Rules(countsLabels: false, literals: true)),
                literal.count <= Self.maxLiteralBytes
            else { return .none }
            for literal in Self.literals where try fits(Array(literal.utf8)) {
                return .found(Array(literal.utf8))
            }
            return .unknown
        } catch {
            return .unknown
        }
    }

    /// Whether a host is inside and not outside.
    package func fits(_ host: [UInt8]) throws(Language.TooLarge) -> Bool {
        for language in inside where !(try language.contains(host)) { return false }
        for language in outside where try language.contains(host) { return false }
        return true
    }

    package static func isName(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty, bytes.count <= maxHostBytes else { return false }
        return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy {
            (1...maxLabelBytes).contains($0.count)
        }
    }

    // MARK: Search

    private struct Node {
        let states: [Int]
        let shape: Shape
        let parent: Int
        let byte: UInt8
    }

    private struct Key: Hashable {
        let states: [Int]
        let shape: Shape
    }

    /// Breadth first: a shortest one, of bytes that read well.
    private func search(_ rules: Shape.Rules) throws(Language.TooLarge) -> [UInt8]? {
        let languages = inside + outside
        let alphabet = representatives(languages, rules)
        var nodes = [
            Node(states: languages.map { _ in Language.start }, shape: .start, parent: -1, byte: 0)
        ]
        var seen: Set<Key> = [Key(states: nodes[0].states, shape: .start)]
        var at = 0
        while at < nodes.count {
            let node = nodes[at]
            if isFound(node) { return path(nodes, at) }
            for byte in alphabet {
                guard let shape = node.shape.next(byte, rules) else { continue }
                guard let states = try step(node.states, byte, languages) else { continue }
                guard seen.insert(Key(states: states, shape: shape)).inserted else { continue }
                guard nodes.count < Self.maxNodes else { throw Language.TooLarge() }
                nodes.append(Node(states: states, shape: shape, parent: at, byte: byte))
            }
            at += 1
        }
        return nil
    }

    /// Nil: nothing that follows could be inside.
    private func step(
        _ states: [Int],
        _ byte: UInt8,
        _ languages: [Language]
    ) throws(Language.TooLarge) -> [Int]? {
        var next: [Int] = []
        next.reserveCapacity(states.count)
        for (index, language) in languages.enumerated() {
            let state = try language.step(states[index], byte)
            if index < inside.count, state == Language.dead { return nil }
            next.append(state)
        }
        return next
    }

    private func isFound(_ node: Node) -> Bool {
        guard node.shape.isComplete else { return false }
        for (index, language) in inside.enumerated() where !language.accepts(node.states[index]) {
            return false
        }
        for (index, language) in outside.enumerated()
        where language.accepts(node.states[inside.count + index]) {
            return false
        }
        return true
    }

    private func path(_ nodes: [Node], _ end: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var at = end
        while at > 0 {
            bytes.append(nodes[at].byte)
            at = nodes[at].parent
        }
        return bytes.reversed()
    }

    /// One byte of each class that all languages treat alike, the ones that read well first.
    private func representatives(_ languages: [Language], _ rules: Shape.Rules) -> [UInt8] {
        var seen: Set<[UInt8]> = []
        var bytes: [UInt8] = []
        for byte in rules.alphabet {
            let kind = Shape.kind(byte)
            if seen.insert([kind] + languages.map { $0.byteClass(byte) }).inserted { bytes.append(byte) }
        }
        return bytes
    }
}

/// How far a text is a host.
private enum Shape: Hashable {
    case start
    /// Bytes of the label, or 1 where they are not counted.
    case label(Int)
    case dot
    case literal
    case closed

    struct Rules {
        let countsLabels: Bool
        let literals: Bool

        var alphabet: [UInt8] { Array((literals ? "[0123456789abcdef:]" : Shape.names).utf8) }
    }

    static let names = "abcdefghijklmnopqrstuvwxyz0123456789-_."

    static func kind(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "]"): byte
        default: 0
        }
    }

    var isComplete: Bool {
        switch self {
        case .label, .closed: true
        default: false
        }
    }

    func next(_ byte: UInt8, _ rules: Rules) -> Shape? {
        if rules.literals {
            switch self {
            case .start: return byte == UInt8(ascii: "[") ? .literal : nil
            case .literal:
                if byte == UInt8(ascii: "[") { return nil }
                return byte == UInt8(ascii: "]") ? .closed : .literal
            default: return nil
            }
        }
        switch self {
        case .label(let count):
            if byte == UInt8(ascii: ".") { return .dot }
            if !rules.countsLabels { return self }
            return count < HostSearch.maxLabelBytes ? .label(count + 1) : nil
        case .start, .dot: return byte == UInt8(ascii: ".") ? nil : .label(1)
        default: return nil
        }
    }
}
