/// Where in the configuration a rule is being made.
struct Context {
    let server: ServerBlock
    let listen: Listen
    /// The blocks around, outermost (`http`) first.
    var blocks: [[Directive]]
    /// The expressions that have matched, in the order of their matching.
    var active: [NginxRegex]
    /// What `set` has given.
    var sets: [String: [Part]] = [:]
    var condition: RuleCondition
    /// What a `rewrite … break` makes of the path.
    var rewrite: (regex: NginxRegex, with: [Part], place: NginxPlace)?
    /// Why the rule must not let anything through.
    var closed: Untranslatable?
    /// How many maps are being looked up within one another.
    var mapDepth = 0
    /// Path of the location at hand, where it is one.
    var location: Location?
    /// Where host and path of the rule come from.
    var hostPlace: NginxPlace
    var pathPlace: NginxPlace?

    /// The directive that counts: of the innermost block that has it.
    func nearest(_ name: String) -> Directive? {
        for block in blocks.reversed() {
            if let directive = block.last(where: { $0.name == name }) { return directive }
        }
        return nil
    }

    /// All directives of the name in the innermost block that has one.
    func all(_ name: String) -> [Directive] {
        for block in blocks.reversed() {
            let found = block.named(name)
            if !found.isEmpty { return found }
        }
        return []
    }

    /// Whether the nearest directive of the name stands outside of every server.
    func isGlobal(_ name: String) -> Bool {
        !blocks.dropFirst().contains { block in block.contains { $0.name == name } }
    }
}
