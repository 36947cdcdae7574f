package import PCRE2
import Synchronization

/// How many tables have been compiled.
private let generations = Atomic<UInt64>(0)

/// The pools of a set of rules, compiled and frozen.
///
/// Immutable: all threads may use it at once.
public struct PoolTable: Sendable {
    /// In the order in which they are written.
    public let pools: [Pool]
    /// By the lower-case name of the target.
    private let named: [String: Pool]
    /// Those with a pattern, in their order.
    package let patterns: [(pattern: Pattern, pool: Pool)]

    /// No pools.
    public init() {
        pools = []
        named = [:]
        patterns = []
    }

    /// Compiles pools, in their order.
    ///
    /// - Throws: `PoolTableError` with every error of every pool.
    public init(_ definitions: [PoolDefinition]) throws(PoolTableError) {
        var pools: [Pool] = []
        var named: [String: Pool] = [:]
        var patterns: [(pattern: Pattern, pool: Pool)] = []
        // Also of pools that have errors.
        var origins: [String: SourceLocation?] = [:]
        var issues: [PoolIssue] = []
        let generation = generations.wrappingAdd(1, ordering: .relaxed).newValue
        for (index, definition) in definitions.enumerated() {
            var compiler = PoolCompiler(index: index, definition: definition, generation: generation)
            let compiled = compiler.compile()
            if case .name(let name)? = compiler.subject, let first = origins[name] {
                compiler.issue(
                    .duplicateName,
                    "name",
                    PoolIssue.duplicate(name, first),
                    hint: PoolIssue.duplicateHint
                )
            } else if case .name(let name)? = compiler.subject {
                origins[name] = .some(definition.origin)
            }
            if let compiled, compiler.issues.isEmpty {
                pools.append(compiled)
                switch compiler.subject {
                case .name(let name): named[name] = compiled
                case .pattern(let pattern): patterns.append((pattern, compiled))
                case nil: break
                }
            }
            issues += compiler.issues
        }
        guard issues.isEmpty else { throw PoolTableError(issues) }
        self.pools = pools
        self.named = named
        self.patterns = patterns
        let relations = PoolRelations(self)
        guard relations.issues.isEmpty else { throw PoolTableError(relations.issues) }
    }

    /// Targets that may take over one after another.
    package static let maxFailovers = 4

    package var isEmpty: Bool { pools.isEmpty }

    /// The pool of a target: that of its exact name, else the first whose pattern has a match in it. A pattern that
    /// hits its match limit does not match.
    ///
    /// - Parameters:
    ///   - name: `Target.name`.
    ///   - scratch: the scratch of the calling thread.
    package func pool(for name: String, scratch: RouteScratch) -> Pool? {
        if pools.isEmpty { return nil }
        if let pool = named[name] { return pool }
        if patterns.isEmpty { return nil }
        let bytes = Array(name.utf8)
        for (pattern, pool) in patterns {
            if case .matched = pattern.match(bytes.span, scratch: scratch.match) { return pool }
        }
        return nil
    }
}
