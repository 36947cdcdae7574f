import EtcdClient
package import Names
import NIOConcurrencyHelpers
package import RegistryClient
package import Settings

/// The names under a prefix of etcd, live. Any thread.
package final class EtcdNames: LiveNameSource {
    private let client: EtcdClient
    private let file: SnapshotFile?
    private let maxEndpoints: Int
    private let follower = NIOLockedValueBox<EtcdNameFollower?>(nil)

    /// - Parameters:
    ///   - maxEndpoints: the maximum number of endpoints of all names together.
    ///   - stateDirectory: where the last names are kept for a start while etcd is unreachable; nil: nowhere.
    /// - Throws: `RegistryError` when the settings are not valid (an endpoint, a file of the TLS).
    package init(
        _ cluster: EtcdCluster,
        maxEndpoints: Int = EtcdSettings().maxEndpoints,
        stateDirectory: String? = nil
    ) throws(RegistryError) {
        self.maxEndpoints = maxEndpoints
        client = try EtcdClient(cluster)
        file = stateDirectory.map { SnapshotFile(folder: $0, source: cluster.label) }
    }

    /// A source that was never started (a reload keeps the running one) shuts its client down itself.
    deinit {
        guard follower.withLockedValue({ $0 == nil }) else { return }
        let client = client
        Task { await client.shutDown() }
    }

    package func start(_ emit: @escaping @Sendable (NameSourceUpdate) -> Void) {
        let new = EtcdNameFollower(client: client, file: file, maxEndpoints: maxEndpoints, emit: emit)
        follower.withLockedValue { $0 = new }
        Task { await new.start() }
    }

    package func stop() {
        guard let follower = follower.withLockedValue({ $0 }) else { return }
        Task { await follower.stop() }
    }
}
