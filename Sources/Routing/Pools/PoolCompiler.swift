import Balancing
import PCRE2

/// Compiles a pool's definition, and collects every error in it.
struct PoolCompiler {
    let index: Int
    let definition: PoolDefinition
    /// Of the table.
    let generation: UInt64
    var issues: [PoolIssue] = []

    /// What a target's name is compared with.
    enum Subject {
        case name(String)
        case pattern(Pattern)

        /// For people.
        var label: String {
            switch self {
            case .name(let name): name
            case .pattern(let pattern): "~" + pattern.text
            }
        }
    }

    init(index: Int, definition: PoolDefinition, generation: UInt64) {
        self.index = index
        self.generation = generation
        self.definition = definition
    }

    /// Nil before `compile`, and where it is invalid.
    private(set) var subject: Subject?

    /// Nil when there are issues.
    mutating func compile() -> Pool? {
        subject = compileSubject()
        let hashKey = compileHashKey()
        checkEndpoints()
        let match: (pattern: Pattern, groups: CaptureGroups)? =
            if case .pattern(let pattern)? = subject { (pattern, CaptureGroups(pattern)) } else { nil }
        let (split, failover) = compileOthers(match?.groups)
        guard let subject, issues.isEmpty else { return nil }
        return Pool(
            definition,
            name: subject.label,
            index: index,
            hashKey: hashKey,
            split: split,
            failover: failover,
            match: match,
            generation: generation
        )
    }

    /// The targets that the pool leads to. Without a valid name or pattern nothing is known of them.
    private mutating func compileOthers(_ groups: CaptureGroups?) -> (PoolSplit?, TargetName?) {
        guard let subject else { return (nil, nil) }
        let own: String? = if case .name(let name) = subject { name } else { nil }
        var compiler = SplitCompiler(definition, groups: groups, own: own)
        let others = (compiler.split(), compiler.failover())
        for fault in compiler.faults {
            issue(fault.kind, fault.key, fault.message, at: fault.range, hint: fault.hint)
        }
        return others
    }

    mutating func issue(
        _ kind: PoolIssue.Kind,
        _ key: String,
        _ message: String,
        at range: Range<Int>? = nil,
        hint: String? = nil
    ) {
        issues.append(
            PoolIssue(
                kind: kind,
                poolIndex: index,
                poolName: definition.label,
                key: key,
                range: range,
                message: message,
                hint: hint
            )
        )
    }

    // MARK: Targets

    private mutating func compileSubject() -> Subject? {
        switch definition.selector {
        case .name(let name): compileName(name)
        case .match(let text): compilePattern(text)
        }
    }

    private mutating func compileName(_ text: String) -> Subject? {
        if text.hasPrefix("~") {
            issue(.badValue, "name", "a name is not a pattern", hint: "write `match: '\(text)'`")
            return nil
        }
        let host: HostName
        do {
            host = try HostName(text)
        } catch {
            var range: Range<Int>?
            if case .badByte(let at) = error { range = at..<(at + 1) }
            issue(.badValue, "name", "`\(text)` is not a valid target name: \(error)", at: range)
            return nil
        }
        guard host.port == nil else {
            issue(.badValue, "name", "a target name has no port", hint: "write the port at the endpoints")
            return nil
        }
        guard !Target(name: host.text).isAddressInDisguise, host.bytes.first != UInt8(ascii: "[") else {
            issue(
                .badValue,
                "name",
                "`\(text)` is an address, not a name",
                hint:
                    "give the pool a name, write the address in `endpoints`, and the name in the rule's `to`"
            )
            return nil
        }
        return .name(host.text)
    }

    private mutating func compilePattern(_ text: String) -> Subject? {
        guard text.hasPrefix("~"), text.utf8.count > 1 else {
            issue(
                .badValue,
                "match",
                "`match` must be a pattern",
                hint: "write `match: '~^api_'`, or `name` for one target"
            )
            return nil
        }
        if text.hasPrefix("~*") {
            issue(.badPattern, "match", "names ignore case", at: 0..<2, hint: "write `~` alone")
            return nil
        }
        let bare = String(Substring(text.utf8.dropFirst()))
        do {
            let options: PatternOptions = PatternEnd.isAnchored(bare) ? [.caseless, .anchoredEnd] : .caseless
            return .pattern(try Pattern(bare, options: options))
        } catch {
            let offset = error.offset + 1
            issue(.badPattern, "match", error.message, at: offset..<offset)
            return nil
        }
    }

    // MARK: Method and endpoints

    private mutating func compileHashKey() -> HashKey? {
        let needsKey: Bool
        switch definition.settings.method {
        case .hash, .maglev: needsKey = true
        default: needsKey = false
        }
        guard let text = definition.hashKey else {
            if needsKey {
                issue(
                    .missingKey,
                    "balance",
                    "this method needs a `hash_key`",
                    hint: "add `hash_key: '${uri}'`"
                )
            }
            return nil
        }
        guard needsKey else {
            issue(
                .conflictingKeys,
                "hash_key",
                "`hash_key` has no effect with this method",
                hint: "write `balance: hash` or `balance: maglev`, or remove the key"
            )
            return nil
        }
        do throws(TemplateParser.Failure) {
            return try HashKey(text)
        } catch {
            issue(.badTemplate, "hash_key", error.message, at: error.range, hint: error.hint)
            return nil
        }
    }

    private mutating func checkEndpoints() {
        if case .match = definition.selector, !definition.endpoints.isEmpty {
            issue(
                .conflictingKeys,
                "endpoints",
                "a pool with `match` has no endpoints of its own: the name sources have those of each name",
                hint: "write `name` in place of `match`, or remove `endpoints`"
            )
        }
        var seen: Set<Endpoint> = []
        for (index, member) in definition.endpoints.enumerated()
        where !seen.insert(member.endpoint).inserted {
            issue(
                .badValue,
                "endpoints.\(index)",
                "the endpoint \(member.endpoint) occurs twice",
                hint: "remove one of them; a `weight` gives an endpoint a larger share"
            )
        }
    }
}
