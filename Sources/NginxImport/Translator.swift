import PatternLanguages
import PatternSyntax

/// Makes rules of a configuration's directives.
final class Translator {
    let findings = FindingList()
    let http: [Directive]
    var maps: [String: MapTable] = [:]
    var groups: [String: UpstreamGroup] = [:]
    var rules: [ImportedRule] = []
    var ignored: [String: NginxPlace] = [:]
    /// Names that `names` has to know: those of upstream groups and of servers.
    var usedGroups: [String: NginxPlace] = [:]
    var systemNames: [String: NginxPlace] = [:]
    var resolvedTargets: NginxPlace?
    /// Addresses that captures make, by how they are spelled.
    var addressNames: [String: (address: String, place: NginxPlace)] = [:]
    /// All variables that any expression captures: without a match they are empty.
    private var captured: Set<String> = []
    private var regexes = 0
    private var ruleNames: [String: Int] = [:]
    private var reviewed: Set<NginxPlace> = []
    /// Of patterns that were looked at: a text on which they backtrack without end, or none.
    private var witnesses: [RulePatterns: String?] = [:]

    init(_ directives: [Directive]) {
        // A file of conf.d is what stands inside of `http`.
        let blocks = directives.named("http")
        http = blocks.isEmpty ? directives : blocks.flatMap { $0.block ?? [] }
        collectCaptures(directives)
        if !blocks.isEmpty { KnownDirectives.review(directives, findings, &ignored) }
        KnownDirectives.review(http, findings, &ignored)
        for directive in http.named("map") {
            guard let variable = directive.argument(1), variable.hasPrefix("$") else { continue }
            maps[variable.dropFirst().lowercased()] = MapTable(directive, makeRegex: makeRegex)
        }
        for directive in http.named("upstream") {
            let group = UpstreamGroup(directive, findings: findings)
            groups[group.name] = group
        }
    }

    func makeRegex(_ text: String, _ ignoresCase: Bool, _ place: NginxPlace) -> NginxRegex {
        regexes += 1
        return NginxRegex(id: regexes, text: text, ignoresCase: ignoresCase, place: place)
    }

    private func collectCaptures(_ directives: [Directive]) {
        for directive in directives {
            for word in directive.words where word.text.contains("(?") {
                for name in PatternNames.find(word.text) { captured.insert(name) }
            }
            collectCaptures(directive.block ?? [])
        }
    }

    // MARK: Servers

    /// Writes the rules of all servers on one socket.
    func translate(_ servers: [ServerBlock], on listen: Listen) {
        struct Entry {
            let server: Int
            let condition: HostCondition
            let place: NginxPlace
            let rank: (Int, Int)
        }
        var entries: [Entry] = []
        var taken: Set<String> = []
        let standard =
            servers.firstIndex { $0.listens.contains { $0.address == listen.address && $0.isDefault } } ?? 0
        // Wildcards and expressions of others: what of the default server's own names they take has to
        // stand in front of them.
        let others = servers.enumerated().filter { $0.offset != standard }.flatMap(\.element.names)
            .filter { if case .exact = $0.kind { false } else { true } }
        for (index, server) in servers.enumerated() {
            var exact: [(name: String, place: NginxPlace)] = []
            for name in server.names {
                switch name.kind {
                case .exact(let text):
                    guard taken.insert(text).inserted else {
                        findings.note(
                            "server_name \(text)",
                            at: name.place,
                            "an earlier server has this name"
                        )
                        continue
                    }
                    // What takes all other hosts takes these, unless a wildcard or an expression would.
                    if index == standard, !others.contains(where: { $0.condition.holds(text) ?? true }) {
                        continue
                    }
                    exact.append((text, name.place))
                case .wildcard(let text):
                    guard taken.insert("*." + text).inserted else { continue }
                    if index == standard, others.isEmpty { continue }
                    entries.append(
                        Entry(server: index, condition: name.condition, place: name.place, rank: name.rank)
                    )
                case .trailing(let text):
                    guard taken.insert(text + ".*").inserted else { continue }
                    if index == standard, others.isEmpty { continue }
                    entries.append(
                        Entry(server: index, condition: name.condition, place: name.place, rank: name.rank)
                    )
                case .regex:
                    entries.append(
                        Entry(server: index, condition: name.condition, place: name.place, rank: name.rank)
                    )
                }
            }
            for start in stride(from: 0, to: exact.count, by: NginxLimits.maxNamesInPattern) {
                let part = exact[start..<min(exact.count, start + NginxLimits.maxNamesInPattern)]
                let condition = HostCondition(base: .names(part.map(\.name)))
                entries.append(
                    Entry(server: index, condition: condition, place: part[start].place, rank: (0, 0))
                )
            }
        }
        let ordered = entries.enumerated().sorted { a, b in
            a.element.rank == b.element.rank ? a.offset < b.offset : a.element.rank < b.element.rank
        }
        for (_, entry) in ordered {
            translate(servers[entry.server], for: entry.condition, at: entry.place, listen, isDefault: false)
        }
        guard servers.indices.contains(standard) else { return }
        translate(servers[standard], for: .any, at: servers[standard].place, listen, isDefault: true)
    }

    private func translate(
        _ server: ServerBlock,
        for hosts: HostCondition,
        at place: NginxPlace,
        _ listen: Listen,
        isDefault: Bool
    ) {
        review(server.block)
        if let regex = hosts.patterns.first, let why = whyUnusable(regex) {
            findings.untranslated("server_name ~\(regex.text)", at: place, why)
            return
        }
        var context = Context(
            server: server,
            listen: listen,
            blocks: [http, server.block],
            active: hosts.patterns,
            condition: RuleCondition(host: hosts),
            hostPlace: place
        )
        let name = isDefault ? "default" : ruleName(hosts, server)
        if rewritePhase(server.block, &context, name: name) { return }
        if let rewrite = context.rewrite {
            findings.untranslated("rewrite", at: rewrite.place, "it would choose the location anew")
            context.rewrite = nil
        }
        for leaf in LocationOrder(server.locations).leaves { translate(leaf, context, name: name) }
    }

    /// Why an expression cannot be a rule's; nil: it can.
    func whyUnusable(_ regex: NginxRegex) -> String? {
        if regex.beginsAtStart, regex.endsAtEnd, regex.tree.isKnown { return PatternNames.fault(regex) }
        return PatternNames.fault(regex) ?? regex.whyNotWrapped
    }

    private func ruleName(_ hosts: HostCondition, _ server: ServerBlock) -> String {
        switch hosts.base {
        case .names(let names) where hosts.patterns.isEmpty: return names[0]
        case .wildcard(let suffix): return suffix
        case .trailing(let prefix): return prefix
        case .names, .any:
            return
                "\(server.place.file.split(separator: "/").last ?? "nginx"):\(hosts.patterns.first?.place.line ?? server.place.line)"
        }
    }

    func review(_ block: [Directive]) {
        guard let place = block.first?.place, reviewed.insert(place).inserted else { return }
        KnownDirectives.review(block, findings, &ignored)
    }

    // MARK: Locations

    private func translate(_ leaf: LocationLeaf, _ server: Context, name: String) {
        var context = server
        for location in leaf.chain { context.blocks.append(location.block) }
        context.location = leaf.chain.last
        context.pathPlace = leaf.chain.last?.place
        if let location = leaf.chain.last { review(location.block) }
        var suffix = ""
        switch leaf.condition {
        case .any, .prefix("/"): break
        case .exact(let path): suffix = path
        case .prefix(let path): suffix = path
        case .pattern: suffix = ":\(leaf.chain.last?.place.line ?? 0)"
        }
        let name = name + suffix
        let place = leaf.chain.last?.place ?? context.server.place
        if let regex = leaf.condition.regex {
            if let why = whyUnusable(regex) {
                findings.untranslated("location ~ \(regex.text)", at: place, why)
                return
            }
            context.active.append(regex)
        }
        guard case .both(let condition) = context.condition.and(RuleCondition(path: leaf.condition)) else {
            return
        }
        context.condition = condition
        if let path = leaf.redirectsTo {
            emit(context, name: name, at: place) { rule, _ in
                rule.title = "nginx adds the slash that is missing (\(place))"
                rule.add("redirect: \(YAMLText.quoted(path.escapedForTemplate + "${query_part}"))", at: nil)
                rule.add("status: 301", at: nil)
            }
            return
        }
        if let location = leaf.chain.last, rewritePhase(location.block, &context, name: name) { return }
        handle(context, name: name, at: place)
    }

    // MARK: Writing

    /// Adds a rule; `body` writes its action.
    func emit(
        _ context: Context,
        name: String,
        at place: NginxPlace,
        used: Set<Part> = [],
        keepsNumbers: Bool = true,
        _ body: (inout ImportedRule, Naming) throws(Untranslatable) -> Void
    ) {
        guard rules.count < NginxLimits.maxRules else {
            findings.untranslated("everything else", at: place, "more than \(NginxLimits.maxRules) rules")
            return
        }
        do throws(Untranslatable) {
            let naming = try Naming(context.condition, used: used, keepsNumbers: keepsNumbers, at: place)
            var rule = ImportedRule(name: "")
            write(context.condition, naming, context, into: &rule)
            let conditions = rule.lines.count
            do throws(Untranslatable) {
                try body(&rule, naming)
            } catch {
                // Its requests are not to go where a later rule would send them.
                rule.lines.removeLast(rule.lines.count - conditions)
                refuse(error, &rule)
            }
            if let witness = catastrophic(context, naming) {
                findings.note(
                    "an expression",
                    at: place,
                    "it backtracks without end, e.g. on `\(witness)`: the match limit ends it with a 500"
                )
                rule.add("backtracking: allowed", at: nil)
            }
            rule.name = unique(name)
            rules.append(rule)
        } catch {
            findings.untranslated(error.what, at: error.place, error.why)
        }
    }

    /// A text on which a pattern of the rule backtracks without end; nil: there is none.
    private func catastrophic(_ context: Context, _ naming: Naming) -> String? {
        let patterns = RulePatterns(
            host: context.condition.host.text(naming: naming.names),
            paths: [
                context.condition.path.text(naming: naming.names),
                context.rewrite.map { "~" + $0.regex.text },
            ].compactMap { $0 },
            headers: context.condition.headers.map(\.value)
        )
        if let known = witnesses[patterns] { return known }
        let witness = patterns.witness
        witnesses[patterns] = .some(witness)
        return witness
    }

    /// What stands in for an action that is not translated.
    func refuse(_ cause: Untranslatable, _ rule: inout ImportedRule) {
        findings.untranslated(cause.what, at: cause.place, cause.why)
        rule.title = "not translated: \(cause.what): \(cause.why)"
        rule.add("respond: 501", at: cause.place)
    }

    private func write(
        _ condition: RuleCondition,
        _ naming: Naming,
        _ context: Context,
        into rule: inout ImportedRule
    ) {
        if let host = condition.host.text(naming: naming.names) {
            rule.add("host: \(YAMLText.quoted(host))", at: context.hostPlace)
        }
        if let path = condition.path.text(naming: naming.names) {
            rule.add("path: \(YAMLText.quoted(path))", at: context.pathPlace)
        }
        if !condition.methods.isEmpty {
            rule.add("methods: [\(condition.methods.joined(separator: ", "))]", at: nil)
        }
        if !condition.headers.isEmpty {
            let fields = condition.headers.map { "\($0.name): \(YAMLText.quoted($0.value))" }
            rule.add("headers: { \(fields.joined(separator: ", ")) }", at: nil)
        }
        if !condition.clients.isEmpty {
            let networks = condition.clients.map { $0.contains(":") ? YAMLText.quoted($0) : $0 }
            rule.add("clients: [\(networks.joined(separator: ", "))]", at: nil)
        }
    }

    private func unique(_ name: String) -> String {
        var text = String(decoding: name.utf8.map(Self.nameByte), as: UTF8.self)
        if text.utf8.count > 56 { text = String(decoding: text.utf8.prefix(56), as: UTF8.self) }
        let count = ruleNames[text, default: 0] + 1
        ruleNames[text] = count
        return count == 1 ? text : unique("\(text):\(count)")
    }

    private static func nameByte(_ byte: UInt8) -> UInt8 {
        ValueText.isNameByte(byte) || "-./:".utf8.contains(byte) ? byte : UInt8(ascii: "_")
    }

    /// Whether some expression captures the variable.
    func isCaptured(_ name: String) -> Bool { captured.contains(name) }
}

extension String {
    /// As literal text of a template.
    var escapedForTemplate: String {
        split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
    }
}
