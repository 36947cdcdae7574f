import Balancing

/// Which part of the keys has another member after a change.
enum Disruption {
    static let keys = 100_000
    private static let sizes = [5, 20]

    private struct Change: Sendable {
        let title: String
        /// The part that has to move at least.
        let least: @Sendable (Int) -> Double
        let apply: @Sendable ([PoolMember]) -> [PoolMember]
    }

    private static let changes = [
        Change(title: "one removed", least: { 1 / Double($0) }) { list in
            var list = list
            list.remove(at: 2)
            return list
        },
        Change(title: "one added", least: { 1 / Double($0 + 1) }) { list in
            list + [PoolMember(id: "10.0.1.1:8080")]
        },
        Change(title: "one down", least: { 1 / Double($0) }) { list in
            var list = list
            list[2].settings.administrativeState = .down
            return list
        },
        Change(title: "one weight 1 → 2", least: { 2 / Double($0 + 1) - 1 / Double($0) }) { list in
            var list = list
            list[2].settings.weight = 2
            return list
        },
        Change(title: "listed in another order", least: { _ in 0 }) { $0.reversed() },
    ]

    static func table() -> String {
        let methods = Method.all.filter { $0.method.usesKey && $0.factor == nil } + [Method.addresses]
        var lines = [header(["endpoints", "change", "must move"] + methods.map { "`\($0.title)`" })]
        for size in sizes {
            for change in changes {
                let cells = methods.map { percent(moved($0, size, change)) }
                lines.append(row(["\(size)", change.title, percent(change.least(size))] + cells))
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func moved(_ method: Method, _ size: Int, _ change: Change) -> Double {
        let before = members(Array(repeating: 1, count: size))
        let after = change.apply(before)
        var (old, new) = (method.balancer(before), method.balancer(after))
        let moved = (0..<keys).count { number in
            let key = method.key(number)
            return old.pick(key: key).map { before[$0].id } != new.pick(key: key).map { after[$0].id }
        }
        return Double(moved) / Double(keys)
    }
}
