import Balancing

/// Errors in what pools lead to: splits of splits, failovers that lead back, and cookies that two of them set.
///
/// Only names that are written out are followed. What comes of a template is bounded when requests come
/// (`PoolTable.maxFailovers`).
struct PoolRelations {
    let table: PoolTable
    private(set) var issues: [PoolIssue] = []
    private let scratch = RouteScratch()

    init(_ table: PoolTable) {
        self.table = table
        for pool in table.pools {
            checkParts(of: pool)
            checkFailover(of: pool)
        }
    }

    private mutating func checkParts(of pool: Pool) {
        guard let split = pool.split else { return }
        for (index, position) in split.partOfItem.enumerated() {
            guard let part = split.parts[position].fixed,
                let other = table.pool(for: part, scratch: scratch), other !== pool
            else { continue }
            if other.split != nil {
                issue(
                    pool,
                    "split.\(index).to",
                    "`\(part)` is split itself\(Self.place(other)): a split has one level",
                    hint: "write the targets of that split here"
                )
            } else if let ours = pool.settings.sticky?.carrier.field,
                let theirs = other.settings.sticky?.carrier.field, ours == theirs
            {
                issue(
                    pool,
                    "split.\(index).to",
                    "the pool of `\(part)`\(Self.place(other)) has the same `sticky` \(ours): "
                        + "each would replace the other's token",
                    hint: "give the split and the pool tokens of different names"
                )
            }
        }
    }

    private mutating func checkFailover(of pool: Pool) {
        guard let first = pool.failover?.fixed else { return }
        if let other = table.pool(for: first, scratch: scratch), other.split != nil {
            return issue(
                pool,
                "failover",
                "`\(first)` is split\(Self.place(other)): requests cannot fail over to a split",
                hint: "write one of its targets"
            )
        }
        var passed: [String] = []
        var next: String? = first
        while let name = next, !passed.contains(name) {
            passed.append(name)
            guard name != pool.name else { return loop(pool, passed) }
            guard passed.count <= PoolTable.maxFailovers else {
                return issue(
                    pool,
                    "failover",
                    "more than \(PoolTable.maxFailovers) targets take over one after another: "
                        + passed.joined(separator: ", "),
                    hint: "remove `failover` of one of them"
                )
            }
            next = table.pool(for: name, scratch: scratch)?.failover?.fixed
        }
    }

    private mutating func loop(_ pool: Pool, _ passed: [String]) {
        issue(
            pool,
            "failover",
            "failover leads back to this pool: \(([pool.name] + passed).joined(separator: ", "))",
            hint: "remove `failover` of one of them"
        )
    }

    private static func place(_ pool: Pool) -> String {
        pool.origin.map { " (at \($0))" } ?? ""
    }

    private mutating func issue(_ pool: Pool, _ key: String, _ message: String, hint: String) {
        issues.append(
            PoolIssue(
                kind: .badValue,
                poolIndex: pool.index,
                poolName: pool.name,
                key: key,
                range: nil,
                message: message,
                hint: hint
            )
        )
    }
}

extension StickySettings.Carrier {
    /// For people, and to compare: `cookie berth`, `header x-session`.
    fileprivate var field: String {
        switch self {
        case .cookie(let cookie): "cookie `\(cookie.name)`"
        case .header(let name): "header `\(name.lowercased())`"
        }
    }
}
