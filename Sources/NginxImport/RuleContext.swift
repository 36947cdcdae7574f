import Routing

/// Where in the configuration a rule is made, and what is known there. Nested blocks get a changed copy.
struct RuleContext {
    let server: ServerBlock
    let listen: Listen
    /// The enclosing blocks, outermost (`http`) first.
    var blocks: [[Directive]]
    /// The block of the last `if` of the location that holds: its directives come before the location's.
    var branch: [Directive]?
    /// The regular expressions that have matched, in the order of matching.
    var active: [NginxRegex]
    /// Why `$1` does not refer to the last of `active`; nil: it does.
    var numbersLost: Untranslatable?
    /// The values that `set` assigned, by variable in lower case.
    var assigned: [String: [ValuePart]] = [:]
    var condition: RuleCondition
    /// A `rewrite … break` that applies.
    var rewrite: PathRewrite?
    /// Why rules must not let any request through: each responds with 501.
    var closed: Untranslatable?
    /// How many lookups of maps are nested.
    var mapDepth = 0
    /// The innermost location, if there is one.
    var location: Location?
    /// Where the rule's host comes from.
    var hostPosition: SourceLocation
    /// Where the rule's path comes from.
    var pathPosition: SourceLocation?

    /// The blocks whose directives apply, outermost first.
    var scopes: [[Directive]] { branch.map { blocks + [$0] } ?? blocks }

    /// The directive that applies: the last of the innermost block that has one.
    func nearest(_ name: String) -> Directive? {
        for block in scopes.reversed() {
            if let directive = block.last(where: { $0.name == name }) { return directive }
        }
        return nil
    }

    /// All directives of the name in the innermost block that has one.
    func all(_ name: String) -> [Directive] {
        for block in scopes.reversed() {
            let found = block.named(name)
            if !found.isEmpty { return found }
        }
        return []
    }

    /// Whether the directive stands in no server.
    func isGlobal(_ name: String) -> Bool {
        !scopes.dropFirst().contains { block in block.contains { $0.name == name } }
    }

    /// Enters a block. An `include` in it whose files are missing closes it: they may hold what keeps requests out.
    mutating func enter(_ block: [Directive]) {
        blocks.append(block)
        closeIfIncomplete(block)
    }

    mutating func closeIfIncomplete(_ block: [Directive]) {
        guard closed == nil, let include = block.first(where: { $0.name == "include" }) else { return }
        closed = Untranslatable(
            include.text(),
            at: include.position,
            "it was not found, and may hold what keeps requests out: the rules respond with 501"
        )
    }

    /// The value of a variable that the server's socket and name determine; nil: the request determines it.
    func constant(_ name: String) -> String? {
        switch name {
        case "scheme": listen.usesTLS ? "https" : "http"
        case "https": listen.usesTLS ? "on" : ""
        case "server_port": listen.port.map(String.init)
        case "server_name": server.firstName
        default: nil
        }
    }
}

/// The path that a `rewrite … break` produces.
struct PathRewrite {
    let regex: NginxRegex
    let path: [ValuePart]
    let position: SourceLocation
}
