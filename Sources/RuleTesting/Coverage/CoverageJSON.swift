/// Coverage as a part of a JSON object.
struct CoverageJSON: Encodable {
    let percent: Double
    let rules: Int
    let rulesReached: Int
    let branches: Int
    let branchesReached: Int
    let missing: [Missing]

    struct Missing: Encodable {
        let tier: String
        let location: String
        let rule: String
        let pattern: String?
        let branch: String?
    }

    enum CodingKeys: String, CodingKey {
        case percent, rules, branches, missing
        case rulesReached = "rules_reached"
        case branchesReached = "branches_reached"
    }

    init(_ coverage: Coverage) {
        percent = coverage.percent
        (rulesReached, rules) = coverage.rules
        (branchesReached, branches) = coverage.branches
        missing = coverage.missing.map {
            Missing(
                tier: $0.tier,
                location: $0.location,
                rule: $0.rule,
                pattern: $0.pattern,
                branch: $0.branch
            )
        }
    }
}
