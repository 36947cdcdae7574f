import EtcdClient
import Logging
import Names
import NIOConcurrencyHelpers
import RegistryClient
import RoutingConfig
import Settings
import SystemSupport

/// What operators have set of targets through the registries of a tier, for all tiers that follow them.
final class RegistryControl: Sendable {
    /// The name source of what is deployed through a registry.
    static let source = "deployed (registry)"

    private struct State {
        var followers: [EtcdCluster: RecordFollower] = [:]
        /// In the order of the rule files.
        var clusters: [EtcdCluster] = []
        /// Of each registry that has been read.
        var records: [EtcdCluster: [String: ControlRecord]] = [:]
        var store: ControlStore?
    }

    private let state: NIOLockedValueBox<State>
    private let stateDirectory: String?
    private let logger: Logger
    let names: DeployedNames
    /// Those of an earlier process, for a start while a registry cannot be reached.
    let kept: [String: ControlRecord]

    /// - Parameter sources: of the rule files.
    init(_ sources: [NameSourceSettings], stateDirectory: String?, logger: Logger) {
        let clusters = Self.clusters(sources)
        var state = State(clusters: clusters)
        for cluster in clusters {
            state.records[cluster] = Self.kept(cluster, stateDirectory, logger)
        }
        let isKept = !clusters.isEmpty && clusters.allSatisfy { state.records[$0] != nil }
        kept = Self.merged(state.records, clusters)
        names = DeployedNames(Self.source, isKept ? kept.compactMapValues(\.deployed) : nil)
        self.state = NIOLockedValueBox(state)
        self.stateDirectory = stateDirectory
        self.logger = logger
    }

    /// The registries that sources follow records of.
    static func clusters(_ sources: [NameSourceSettings]) -> [EtcdCluster] {
        var clusters: [EtcdCluster] = []
        for case .etcd(let settings, origin: _) in sources {
            guard let cluster = settings.controlCluster,
                !clusters.contains(where: {
                    $0.prefix == cluster.prefix && !Set($0.endpoints).isDisjoint(with: cluster.endpoints)
                })
            else { continue }
            clusters.append(cluster)
        }
        return clusters
    }

    // MARK: Life

    /// Begins to follow.
    func start(_ store: ControlStore) {
        let clusters = state.withLockedValue { state in
            state.store = store
            return state.clusters
        }
        for cluster in clusters { follow(cluster) }
    }

    /// Other rule files are in force.
    func replace(_ sources: [NameSourceSettings]) {
        let clusters = Self.clusters(sources)
        let (ended, begun) = state.withLockedValue { state in
            state.clusters = clusters
            let ended = state.followers.filter { !clusters.contains($0.key) }
            for (cluster, _) in ended {
                state.followers[cluster] = nil
                state.records[cluster] = nil
            }
            return (ended.map(\.value), clusters.filter { state.followers[$0] == nil })
        }
        for cluster in begun { follow(cluster) }
        guard !ended.isEmpty else { return }
        Task {
            for follower in ended { await follower.stop() }
            await publish()
        }
    }

    func stop() async {
        let followers = state.withLockedValue { state in
            defer { state.followers = [:] }
            return Array(state.followers.values)
        }
        for follower in followers { await follower.stop() }
    }

    private func follow(_ cluster: EtcdCluster) {
        let entries: EtcdEntryStore
        do throws(RegistryError) { entries = try EtcdEntryStore(cluster) } catch {
            // The name source of the same settings has reported it.
            return logger.warning("records of operators are not followed", metadata: ["reason": "\(error)"])
        }
        let follower = RecordFollower(entries, label: cluster.label, logger: logger)
        state.withLockedValue { $0.followers[cluster] = follower }
        follower.start { [weak self] update in await self?.take(update, of: cluster) }
    }

    // MARK: Records

    private func take(_ update: RecordFollower.Update, of cluster: EtcdCluster) async {
        switch update {
        case .unreadable:
            // Names do not wait for it any longer.
            let isUnknown = state.withLockedValue { $0.records[cluster] == nil }
            if isUnknown { await publish(isComplete: true) }
        case .records(let records):
            let isNew = state.withLockedValue { state in
                guard state.followers[cluster] != nil, state.records[cluster] != records else {
                    return false
                }
                state.records[cluster] = records
                return true
            }
            guard isNew else { return }
            await publish()
            keep(records, of: cluster)
        }
    }

    /// - Parameter isComplete: names do not wait for registries that have not been read yet.
    private func publish(isComplete: Bool = false) async {
        let (records, store, isKnown) = state.withLockedValue { state in
            (
                Self.merged(state.records, state.clusters), state.store,
                state.clusters.allSatisfy { state.records[$0] != nil }
            )
        }
        // Holds first: a request that waits for names sees them.
        await store?.setRegistry(records)
        if isComplete || isKnown { names.replace(records.compactMapValues(\.deployed)) }
    }

    /// Where several registries have a record of one target, the first one counts.
    private static func merged(
        _ records: [EtcdCluster: [String: ControlRecord]],
        _ clusters: [EtcdCluster]
    ) -> [String: ControlRecord] {
        var merged: [String: ControlRecord] = [:]
        for cluster in clusters { merged.merge(records[cluster] ?? [:]) { first, _ in first } }
        return merged
    }

    // MARK: The file

    private static func file(_ cluster: EtcdCluster, _ stateDirectory: String?) -> KeptStateFile? {
        stateDirectory.map { KeptStateFile(folder: $0, name: "registry", of: cluster.label) }
    }

    private static func kept(
        _ cluster: EtcdCluster,
        _ stateDirectory: String?,
        _ logger: Logger
    ) -> [String: ControlRecord]? {
        guard let file = file(cluster, stateDirectory) else { return nil }
        do throws(KeptStateError) {
            return try file.readIfPresent()?.targets
        } catch {
            logger.warning("the kept records of a registry are not used", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func keep(_ records: [String: ControlRecord], of cluster: EtcdCluster) {
        guard let file = Self.file(cluster, stateDirectory) else { return }
        do {
            try file.write(try KeptState(records))
        } catch {
            logger.warning("the records of a registry are not kept", metadata: ["reason": "\(error)"])
        }
    }
}

extension ControlRecord {
    /// As a name source has it; nil: the target has the endpoints of its name sources.
    fileprivate var deployed: [NamedAddress]? { endpoints == nil ? nil : addresses }
}
