/// Compiles where a pool leads to besides its endpoints, `split` and `failover`, and collects every error.
struct SplitCompiler {
    let definition: PoolDefinition
    /// Of `match`; nil: the pool is for one name.
    let groups: CaptureGroups?
    /// The pool's own name, where it has one.
    let own: String?

    struct Fault {
        let kind: PoolIssue.Kind
        let key: String
        let range: Range<Int>?
        let message: String
        let hint: String?
    }

    private(set) var faults: [Fault] = []

    init(_ definition: PoolDefinition, groups: CaptureGroups?, own: String?) {
        self.definition = definition
        self.groups = groups
        self.own = own
    }

    mutating func split() -> PoolSplit? {
        if definition.split.isEmpty { return nil }
        var names: [TargetName] = []
        for (index, item) in definition.split.enumerated() {
            if let name = name(item.to, "split.\(index).to") { names.append(name) }
        }
        checkWeights()
        return names.count == definition.split.count ? PoolSplit(definition.split, names: names) : nil
    }

    mutating func failover() -> TargetName? {
        guard let text = definition.failover, let name = name(text, "failover") else { return nil }
        guard name.fixed == nil || name.fixed != own, text != "${target}", text != "$target" else {
            fault(
                .badValue,
                "failover",
                "a target cannot take over from itself",
                hint: "write the name of another target"
            )
            return nil
        }
        return name
    }

    private mutating func name(_ text: String, _ key: String) -> TargetName? {
        do throws(TemplateParser.Failure) {
            return try TargetName(text, groups: groups)
        } catch {
            fault(.badTemplate, key, error.message, at: error.range, hint: error.hint)
            return nil
        }
    }

    private mutating func checkWeights() {
        var weights: [String: UInt16] = [:]
        for (index, item) in definition.split.enumerated() {
            guard case .weight(let weight) = item.share else { continue }
            let name = item.to.lowercased()
            if weights.updateValue(weight, forKey: name) != nil {
                fault(
                    .badValue,
                    "split.\(index).to",
                    "`\(item.to)` has a weight already",
                    hint: "write one weight for each target"
                )
            }
        }
        guard weights.values.allSatisfy({ $0 == 0 }) else { return }
        fault(
            .badValue,
            "split",
            weights.isEmpty
                ? "no target of this split has a weight: other requests would have none"
                : "the weights of this split are all 0: requests would have no target",
            hint: weights.isEmpty
                ? "add the target of all other requests: { to: shop-v1, weight: 1 }"
                : "give one of them a weight above 0"
        )
    }

    private mutating func fault(
        _ kind: PoolIssue.Kind,
        _ key: String,
        _ message: String,
        at range: Range<Int>? = nil,
        hint: String? = nil
    ) {
        faults.append(Fault(kind: kind, key: key, range: range, message: message, hint: hint))
    }
}
