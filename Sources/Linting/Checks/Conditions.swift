import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// A rule's conditions besides the host.
struct Conditions: Equatable {
    let path: String?
    let methods: Set<String>
    let headers: Set<HeaderMatch>
    let clients: [CIDR]

    init(_ definition: RuleDefinition) {
        path = definition.path
        methods = Set(definition.methods)
        headers = Set(
            definition.headers.map { HeaderMatch(name: $0.name.lowercased(), value: $0.value) }
        )
        clients = definition.clients
    }

    static let none = Conditions(RuleDefinition(name: "", action: .respond(status: 200)))

    /// Whether every request that fulfils the other conditions fulfils these; seen from the texts, so
    /// that a no may be wrong, a yes never.
    func cover(_ other: Conditions) -> Bool {
        guard coversPath(other.path) else { return false }
        for header in headers where !other.headers.contains(header) {
            guard header.value == "*", other.headers.contains(where: { $0.name == header.name }) else {
                return false
            }
        }
        if !methods.isEmpty, other.methods.isEmpty || !other.methods.isSubset(of: methods) { return false }
        if !clients.isEmpty {
            guard !other.clients.isEmpty else { return false }
            let networks = Set(clients)
            for block in other.clients where !networks.contains(block) {
                guard
                    clients.contains(where: {
                        $0.prefixLength <= block.prefixLength && $0.contains(block.network)
                    })
                else { return false }
            }
        }
        return true
    }

    private func coversPath(_ other: String?) -> Bool {
        // A rule with a path refuses paths without a normal form; one without accepts them.
        guard let path else { return true }
        guard let other else { return false }
        if path == other { return true }
        guard let begins = Self.beginning(path) else {
            // Any expression can be evaluated for one path.
            return other.hasPrefix("=") && Self.matches(path, Array(other.utf8.dropFirst()))
        }
        // A prefix of a longer prefix, of an exact path, or of what an expression begins with.
        if other.hasPrefix("=") { return Array(other.utf8.dropFirst()).starts(with: begins) }
        return Self.literalStart(other).starts(with: begins)
    }

    /// The bytes that a path has to begin with where that is all it has to.
    private static func beginning(_ path: String) -> [UInt8]? {
        if path.hasPrefix("/") { return Array(path.utf8) }
        guard path.hasPrefix("~"), !path.hasPrefix("~*") else { return nil }
        let tree = PatternTree(Array(path.utf8.dropFirst()))
        guard case .sequence(let parts) = tree.root.kind else { return nil }
        let start = literalStart(path)
        return start.count == parts.count - 1 ? start : nil
    }

    /// Bytes that every path begins with.
    private static func literalStart(_ path: String) -> [UInt8] {
        if path.hasPrefix("/") { return Array(path.utf8) }
        guard path.hasPrefix("~"), !path.hasPrefix("~*") else { return [] }
        let tree = PatternTree(Array(path.utf8.dropFirst()))
        guard case .sequence(let parts) = tree.root.kind, let first = parts.first,
            case .anchor(let anchor) = first.kind,
            anchor == .lineStart(multiline: false) || anchor == .subjectStart
        else { return [] }
        var bytes: [UInt8] = []
        for part in parts.dropFirst() {
            guard case .byte(let byte, false) = part.kind else { break }
            bytes.append(byte)
        }
        return bytes
    }

    private static func matches(_ path: String, _ subject: [UInt8]) -> Bool {
        let ignoresCase = path.hasPrefix("~*")
        let text = String(path.dropFirst(ignoresCase ? 2 : 1))
        guard path.hasPrefix("~"), let pattern = try? Pattern(text, options: ignoresCase ? .caseless : [])
        else {
            return false
        }
        if case .matched = pattern.match(subject.span, scratch: MatchScratch()) { return true }
        return false
    }
}
