import PCRE2
import PatternSyntax

/// What the rules of a table under construction share: less memory, and less of it to fetch for a rule that is
/// evaluated for the first time.
final class RuleInterner {
    private var cores: [[UInt8]: PatternCore] = [:]
    private var groups: [String: CaptureGroups] = [:]
    private var effects: [EffectKey: Rule.Effect] = [:]

    private var readyPatterns = 0

    /// The maximum number of patterns that are compiled to machine code at once: all patterns of a usual table. The
    /// others are compiled after some matches.
    static let maxReadyPatterns = 1_024

    func makeReady(_ pattern: Pattern) {
        guard readyPatterns < Self.maxReadyPatterns else { return }
        readyPatterns += 1
        pattern.prepare()
    }

    // MARK: Patterns

    /// - Throws: the error of the whole text.
    func pattern(_ text: [UInt8]) throws(PatternError) -> HostPattern {
        let literals = Self.literals(text)
        if let cut = literals.cut {
            let inside = Array(text[cut.core])
            if let core = try? core(inside, { Self.literals(inside).alternatives }) {
                return HostPattern(head: cut.head, core: core, tail: cut.tail)
            }
        }
        return HostPattern(core: try core(text, { literals.alternatives }))
    }

    private static func literals(_ text: [UInt8]) -> PatternLiterals {
        PatternLiterals(PatternTree(text, ignoresCase: HostMatcher.patternOptions.contains(.caseless)))
    }

    private func core(
        _ text: [UInt8],
        _ alternatives: () -> [RequiredLiterals]
    ) throws(PatternError) -> PatternCore {
        if let core = cores[text] { return core }
        let pattern = try Pattern(String(decoding: text, as: UTF8.self), options: HostMatcher.patternOptions)
        let core = PatternCore(pattern, groups(of: pattern), alternatives())
        makeReady(pattern)
        cores[text] = core
        return core
    }

    /// One value for all patterns whose groups have the same names and numbers.
    private func groups(of pattern: Pattern) -> CaptureGroups {
        let names = pattern.captureNames.map { "\($0.number)\($0.name)" }
        let key = "\(pattern.captureCount) \(names.joined(separator: " "))"
        if let known = groups[key] { return known }
        let made = CaptureGroups(pattern)
        groups[key] = made
        return made
    }

    // MARK: Effects

    /// What an effect is compiled from: the definition without its name and its matchers, and the groups that its
    /// templates refer to.
    struct EffectKey: Hashable {
        private let definition: RuleDefinition
        private let host: ObjectIdentifier?

        /// Nil: captures of the path take part, and are the rule's own.
        init?(_ definition: RuleDefinition, _ scope: TemplateScope) {
            guard scope.path == nil else { return nil }
            var bare = definition
            bare.name = ""
            bare.origin = nil
            bare.host = nil
            bare.path = nil
            bare.methods = []
            bare.headers = []
            bare.clients = []
            bare.clientCertificates = nil
            bare.accessLog = nil
            bare.tap = nil
            self.definition = bare
            self.host = scope.host.map { ObjectIdentifier($0) }
        }
    }

    subscript(key: EffectKey) -> Rule.Effect? {
        get { effects[key] }
        set { effects[key] = newValue }
    }
}
