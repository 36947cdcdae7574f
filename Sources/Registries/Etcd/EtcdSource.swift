package import Names
import NIOConcurrencyHelpers
package import Settings

/// The names under a prefix of etcd, live.
///
/// News come in order, from one task at a time. Any thread.
package final class EtcdSource: LiveNameSource {
    private let cluster: EtcdCluster
    private let client: EtcdClient
    private let file: SnapshotFile?
    private let session = NIOLockedValueBox<EtcdSession?>(nil)

    /// - Parameter stateDirectory: where the last names are kept for a start while etcd can't be reached;
    ///   nil: nowhere.
    /// - Throws: `RegistryError` when the settings can't be used (an address, a file of the TLS).
    package init(_ cluster: EtcdCluster, stateDirectory: String? = nil) throws(RegistryError) {
        self.cluster = cluster
        client = try EtcdClient(cluster)
        file = stateDirectory.map {
            SnapshotFile(path: "\($0)/etcd-\(SnapshotFile.mark(cluster.label)).names")
        }
    }

    /// One that was never started (a reload keeps the source that runs) gives its client back itself.
    deinit {
        guard session.withLockedValue({ $0 == nil }) else { return }
        let client = client
        Task { await client.shutDown() }
    }

    package func start(_ tell: @escaping @Sendable (NameSourceUpdate) -> Void) {
        let new = EtcdSession(client: client, file: file, changed: tell)
        session.withLockedValue { $0 = new }
        Task { await new.begin() }
    }

    package func stop() {
        guard let session = session.withLockedValue({ $0 }) else { return }
        Task { await session.stop() }
    }
}
