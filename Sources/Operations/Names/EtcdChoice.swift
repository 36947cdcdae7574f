package import RoutingConfig
package import Settings

/// Which of a rule file's etcd sources a command changes.
package struct EtcdChoice {
    /// Of the keys, with or without the last `/`; nil: any.
    package var prefix: String?
    /// One of the source's endpoints, as in the rule file; nil: any.
    package var endpoint: String?

    package init(prefix: String? = nil, endpoint: String? = nil) {
        self.prefix = prefix
        self.endpoint = endpoint
    }

    package enum Problem: Error, Hashable, CustomStringConvertible {
        /// - Parameter sources: the labels of all etcd sources.
        case noMatch(sources: [String])
        /// - Parameter sources: the labels of those that match.
        case several(sources: [String])

        package var description: String {
            switch self {
            case .noMatch(let sources) where sources.isEmpty: "the rule file has no etcd source"
            case .noMatch(let sources):
                "no etcd source matches --prefix and --endpoint; there are: \(sources.joined(separator: "; "))"
            case .several(let sources):
                "there are several etcd sources; choose one with --prefix or --endpoint: "
                    + sources.joined(separator: "; ")
            }
        }
    }

    /// The only source that matches. Sources that have the prefix and an endpoint in common are one store: the first
    /// counts.
    package func cluster(among sources: [NameSourceSettings]) throws(Problem) -> EtcdCluster {
        try matching(sources) { $0.cluster.isSameStore(as: $1.cluster) }.cluster
    }

    /// As `cluster`; sources whose operators' records are the same are one.
    package func settings(among sources: [NameSourceSettings]) throws(Problem) -> EtcdSettings {
        try matching(sources) { one, other in
            guard let records = one.controlCluster, let others = other.controlCluster else {
                return one.controlCluster == nil && other.controlCluster == nil
            }
            return records.isSameStore(as: others)
        }
    }

    private func matching(
        _ sources: [NameSourceSettings],
        isSame: (EtcdSettings, EtcdSettings) -> Bool
    ) throws(Problem) -> EtcdSettings {
        var all: [EtcdSettings] = []
        for case .etcd(let settings, origin: _) in sources { all.append(settings) }
        var matching: [EtcdSettings] = []
        for one in all where matches(one.cluster) && !matching.contains(where: { isSame($0, one) }) {
            matching.append(one)
        }
        guard let first = matching.first else { throw .noMatch(sources: all.map(\.cluster.label)) }
        guard matching.count == 1 else { throw .several(sources: matching.map(\.cluster.label)) }
        return first
    }

    private func matches(_ cluster: EtcdCluster) -> Bool {
        let isPrefix = prefix.map { $0 == cluster.prefix || $0 + "/" == cluster.prefix } ?? true
        return isPrefix && endpoint.map(cluster.endpoints.contains) ?? true
    }
}

extension EtcdCluster {
    fileprivate func isSameStore(as other: EtcdCluster) -> Bool {
        prefix == other.prefix && !Set(endpoints).isDisjoint(with: other.endpoints)
    }
}
