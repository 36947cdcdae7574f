import PCRE2
import Patterns
import Routing
import RoutingConfig

/// All of a rule's patterns: captures that nothing uses, anchors that are missing.
struct PatternChecks {
    private let context: LintContext
    private let rule: RuleView

    private struct Place {
        let key: String
        let text: String
        /// Bytes in front of the pattern: `~` or `~*`.
        let mark: Int
        let options: PatternOptions
        let used: (PatternTree) -> Set<Int>
    }

    init(_ context: LintContext, _ rule: RuleView) {
        self.context = context
        self.rule = rule
    }

    func run() {
        for place in places {
            let pattern = Array(place.text.utf8.dropFirst(place.mark))
            let tree = PatternTree(pattern, ignoresCase: place.options.contains(.caseless))
            checkUnused(tree, place)
            if place.key == "path" || place.key == "rewrite_path.match" { checkAnchors(tree, place) }
        }
    }

    private var places: [Place] {
        let use = CaptureUse(rule)
        let definition = rule.definition
        var places: [Place] = []
        func add(_ key: String, _ text: String?, _ used: @escaping (PatternTree) -> Set<Int>) {
            guard let text, text.hasPrefix("~") else { return }
            let isCaseless = key != "host" && text.hasPrefix("~*")
            places.append(
                Place(
                    key: key,
                    text: text,
                    mark: isCaseless ? 2 : 1,
                    options: isCaseless || key == "host" ? .caseless : [],
                    used: used
                )
            )
        }
        add("host", definition.host, use.host)
        add("path", definition.path, use.path)
        for header in definition.headers { add("headers.\(header.name)", header.value) { _ in [] } }
        if let rewrite = definition.rewritePath {
            places.append(
                Place(key: "rewrite_path.match", text: rewrite.match, mark: 0, options: [], used: use.rewrite)
            )
        }
        return places
    }

    private func part(_ range: Range<Int>, _ place: Place) -> Range<Int> {
        (range.lowerBound + place.mark)..<(range.upperBound + place.mark)
    }

    // MARK: Unused captures

    private func checkUnused(_ tree: PatternTree, _ place: Place) {
        guard let referred = CaptureUse.referred(in: tree) else { return }
        let used = place.used(tree).union(referred)
        for capture in tree.captures where capture.name == nil && !used.contains(capture.number) {
            let others = tree.captures.contains {
                $0.name == nil && used.contains($0.number) && $0.number > capture.number
            }
            let hint =
                others
                ? "write `(?:…)`; the numbers of the captures behind it go down by one"
                : "write `(?:…)`, or give it a name, `(?<name>…)`, to see it in logs and tests"
            let range = capture.range.lowerBound..<(capture.range.lowerBound + 1)
            context.report(
                .unusedCapture,
                rule,
                key: place.key,
                part: part(range, place),
                "nothing uses what capture \(capture.number) takes, and it has no name",
                hint: hint
            )
        }
    }

    // MARK: Anchors

    private func checkAnchors(_ tree: PatternTree, _ place: Place) {
        guard tree.isKnown else { return }
        let branches: [PatternNode]
        if case .alternation(let all) = tree.root.kind { branches = all } else { branches = [tree.root] }
        let anchored = branches.filter(Self.beginsAnchored)
        let isMixed = !anchored.isEmpty && anchored.count < branches.count
        for branch in branches where !Self.beginsAnchored(branch) {
            guard isMixed || Self.beginsWithPath(branch), let example = Example.text(branch) else { continue }
            let subject =
                Array("/x".utf8) + (example.first == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]) + example
            guard matches(subject, place), !matchesFromStart(subject, place) else { continue }
            let what =
                isMixed ? "`^` counts for another branch only" : "nothing says that the path begins here"
            context.report(
                .missingAnchor,
                rule,
                key: place.key,
                part: part(branch.range.isEmpty ? 0..<1 : branch.range, place),
                "\(what): `\(subject.text)` is found too",
                hint: isMixed ? "write `^(?:…|…)`" : "write `^` in front, or `.*` if it may stand anywhere"
            )
        }
    }

    private static func first(_ node: PatternNode) -> PatternNode? {
        switch node.kind {
        case .sequence(let parts):
            for part in parts {
                switch part.kind {
                case .options, .comment, .empty: continue
                default: return first(part)
                }
            }
            return nil
        case .group(.capture, let inside), .group(.plain, let inside): return first(inside)
        default: return node
        }
    }

    private static func beginsAnchored(_ node: PatternNode) -> Bool {
        switch first(node)?.kind {
        case .anchor(.lineStart), .anchor(.subjectStart), .anchor(.searchStart): true
        case .alternation(let branches)?: branches.allSatisfy(beginsAnchored)
        default: false
        }
    }

    /// A slash and a letter: how a whole path is written.
    private static func beginsWithPath(_ node: PatternNode) -> Bool {
        guard case .sequence(let parts) = node.kind else { return false }
        let bytes = parts.prefix(2).map { part -> UInt8 in
            if case .byte(let byte, _) = part.kind { byte } else { 0 }
        }
        return bytes.count == 2 && bytes[0] == UInt8(ascii: "/") && ByteSet.word.contains(bytes[1])
    }

    private func matches(_ subject: [UInt8], _ place: Place) -> Bool {
        let text = String(decoding: Array(place.text.utf8.dropFirst(place.mark)), as: UTF8.self)
        guard let pattern = try? Pattern(text, options: place.options) else { return false }
        if case .matched = pattern.match(subject.span, scratch: MatchScratch()) { return true }
        return false
    }

    /// Whether it would be found with `^` in front, too.
    private func matchesFromStart(_ subject: [UInt8], _ place: Place) -> Bool {
        let text = String(decoding: Array(place.text.utf8.dropFirst(place.mark)), as: UTF8.self)
        guard let pattern = try? Pattern("^(?:\(text))", options: place.options) else { return true }
        if case .noMatch = pattern.match(subject.span, scratch: MatchScratch()) { return false }
        return true
    }
}
