import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// What the checks share: the rules as they are seen, and what was found.
final class LintContext {
    let inspected: InspectedConfiguration
    let rules: [RuleView]
    let scratch = RouteScratch()
    private var found: [Diagnostic] = []
    private var counts: [Diagnostic.Code: Int] = [:]

    var table: RouteTable { inspected.configuration.table }

    init(_ inspected: InspectedConfiguration) {
        self.inspected = inspected
        let recent = LanguageCache()
        rules = inspected.configuration.table.rules.map { RuleView($0, recent) }
    }

    /// The names that the configuration lists with their endpoints; nil: other sources may have more.
    var staticNames: Set<String>? {
        let sources = inspected.configuration.names
        var names: Set<String> = []
        for source in sources {
            switch source {
            case .pools(let pools, _): names.formUnion(pools.keys)
            case .static(let known, _): names.formUnion(known.map(\.name))
            default: return nil
            }
        }
        return sources.isEmpty ? nil : names
    }

    func report(
        _ code: Diagnostic.Code,
        _ rule: RuleView,
        severity: Diagnostic.Severity = .warning,
        key: String,
        part: Range<Int>? = nil,
        _ message: String,
        hint: String? = nil
    ) {
        counts[code, default: 0] += 1
        guard counts[code, default: 0] <= LintBounds.findingsOfACode else { return }
        found.append(
            inspected.finding(
                code,
                severity,
                rule: rule.index,
                key: key,
                part: part,
                message,
                hint: hint
            )
        )
    }

    func report(
        _ code: Diagnostic.Code,
        _ pool: Pool,
        severity: Diagnostic.Severity = .warning,
        key: String,
        _ message: String,
        hint: String? = nil
    ) {
        counts[code, default: 0] += 1
        guard counts[code, default: 0] <= LintBounds.findingsOfACode else { return }
        found.append(
            inspected.finding(code, severity, pool: pool.index, key: key, message, hint: hint)
        )
    }

    /// About what stands at a location.
    func report(_ code: Diagnostic.Code, at origin: SourceLocation, _ message: String, hint: String? = nil) {
        counts[code, default: 0] += 1
        guard counts[code, default: 0] <= LintBounds.findingsOfACode else { return }
        found.append(inspected.finding(code, .warning, at: origin, message, hint: hint))
    }

    func note(_ rule: RuleView, _ message: String, hint: String? = nil) {
        report(.notCompared, rule, severity: .note, key: rule.hostKey, message, hint: hint)
    }

    /// In the order of the files and their lines.
    func sorted() -> [Diagnostic] {
        var files: [String: Int] = [:]
        for (rank, file) in inspected.configuration.files.enumerated() { files[file] = rank }
        var all = found.enumerated().sorted { a, b in
            let first = (files[a.element.file] ?? 0, a.element.line, a.element.column, a.offset)
            return first < (files[b.element.file] ?? 0, b.element.line, b.element.column, b.offset)
        }.map(\.element)
        for (code, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where count > LintBounds.findingsOfACode {
            let more = count - LintBounds.findingsOfACode
            let file = inspected.configuration.files.first ?? ""
            let message = "\(more) more findings of `\(code.rawValue)` are not shown"
            all.append(Diagnostic(severity: .warning, code: .tooMany, file: file, message: message))
        }
        return all
    }

    /// A host that the pattern accepts when a part of it is `text` instead, which takes less.
    func witness(_ rule: RuleView, _ tree: PatternTree, _ range: Range<Int>, _ text: String) -> [UInt8]? {
        var bytes = tree.text
        bytes.replaceSubrange(range, with: text.utf8)
        guard let nfa = try? NFA(holding: PatternTree(bytes, ignoresCase: true)) else { return nil }
        guard case .found(let host) = HostSearch(inside: [Language(nfa)]).find(),
            let name = try? HostName(host.span),
            table.rules(matching: name, scratch: scratch).contains(where: { $0 === rule.rule }
            )
        else { return nil }
        return host
    }

    /// The rules before `rule` that match every request of it for this host.
    func takers(of host: [UInt8], before rule: RuleView) -> [RuleView] {
        guard let name = try? HostName(host.span) else { return [] }
        return table.rules(matching: name, scratch: scratch).prefix { $0.index < rule.index }
            .map { rules[$0.index] }.filter { $0.conditions.cover(rule.conditions) }
    }

    /// "`api` (line 6)"
    func named(_ pool: Pool, seenFrom other: Pool) -> String {
        "`\(pool.name)` (\(inspected.location(ofPool: pool.index, seenFrom: other.index)))"
    }

    /// "`a` (line 6)"
    func named(_ rule: RuleView, seenFrom other: RuleView) -> String {
        "`\(rule.name)` (\(inspected.location(ofRule: rule.index, seenFrom: other.index)))"
    }
}

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }
}
