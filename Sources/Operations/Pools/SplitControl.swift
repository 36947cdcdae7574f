import FoundationEssentials
import Logging
import Proxy
import ProxyCore
import Routing
import RoutingConfig

/// Changes the weights of a split.
struct SplitControl: Sendable {
    /// The body of `POST /pools/NAME/split`.
    struct Change: Codable, Sendable {
        /// By the names of the parts; those that are missing keep theirs.
        var weights: [String: Int]?
        /// The weights of the rule file come back.
        var reset: Bool?
    }

    let tier: Tier
    let logger: Logger

    /// - Returns: the name of the target or the pool.
    func apply(_ body: [UInt8], to name: String) async throws(ControlRefusal) -> String {
        let change = try? JSONDecoder().decode(Change.self, from: Data(body))
        guard let change, (change.weights != nil) != (change.reset == true) else {
            throw ControlRefusal(
                400,
                #"the body is not like {"weights": {"shop-v2": 100, "shop-v1": 0}} or {"reset": true}"#
            )
        }
        let all = await tier.snapshots().flatMap(\.splits)
        let lower = name.lowercased()
        guard let split = all.first(where: { $0.name == name }) ?? all.first(where: { $0.name == lower })
        else {
            throw Self.unknown(name, Set(all.map(\.name)).sorted())
        }
        guard let weights = change.weights, let written = split.pool.split else {
            await tier.set(nil, ofSplit: split.name)
            logger.notice(
                "an operator took back the weights of a split",
                metadata: ["target": "\(split.name)"]
            )
            return split.name
        }
        let new = try Self.weights(weights, of: split, written)
        await tier.set(SplitWeights(written, weights: new), ofSplit: split.name)
        let shown = zip(split.parts, new).map { "\($0.name)=\($1)" }.joined(separator: ",")
        logger.notice(
            "an operator set the weights of a split",
            metadata: ["target": "\(split.name)", "weights": "\(shown)"]
        )
        return split.name
    }

    private static func unknown(_ name: String, _ names: [String]) -> ControlRefusal {
        let nearest = Suggestion.nearest(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
        let known =
            names.isEmpty ? "no pool has `split`" : "split are \(names.prefix(20).joined(separator: ", "))"
        return ControlRefusal(
            404,
            "'\(name)' is not split: \(nearest)\(known); a target of a pattern is known while requests come for it"
        )
    }

    /// Of each part, in their order.
    private static func weights(
        _ given: [String: Int],
        of split: SplitSnapshot,
        _ written: PoolSplit
    ) throws(ControlRefusal) -> [UInt16] {
        var weights = split.parts.map(\.weight)
        for (name, weight) in given.sorted(by: { $0.key < $1.key }) {
            let part =
                split.parts.firstIndex { $0.name == name.lowercased() }
                ?? written.parts.firstIndex { $0.text == name }
            guard let part, weights.indices.contains(part) else {
                let names = split.parts.map(\.name)
                let nearest = Suggestion.nearest(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
                throw ControlRefusal(
                    404,
                    "'\(split.name)' has no part '\(name)': \(nearest)its parts are \(names.joined(separator: ", "))"
                )
            }
            guard let value = UInt16(exactly: weight) else {
                throw ControlRefusal(400, "the weight of '\(name)' must be from 0 to 65535, not \(weight)")
            }
            weights[part] = value
        }
        guard weights.contains(where: { $0 > 0 }) else {
            throw ControlRefusal(
                400,
                "all weights of '\(split.name)' would be 0: requests would have no target"
            )
        }
        return weights
    }
}
