import Proxy
import Routing

/// Has the service manager keep the listening sockets, so that they are open while the tier is started again after a
/// crash: connections wait for it (sd_pid_notify_with_fds(3), `FileDescriptorStoreMax=`).
struct DescriptorStore: Sendable {
    static let prefix = "berth-"
    /// Descriptors of one message.
    private static let batch = 64

    private let manager: SystemdNotifier

    init(_ manager: SystemdNotifier) {
        self.manager = manager
    }

    /// A name may have no `:`.
    static func name(of endpoint: Endpoint) -> String {
        prefix + String("\(endpoint)".map { $0 == ":" ? "." : $0 })
    }

    /// - Parameter names: under which something is kept: those without a listener are removed.
    func keep(_ listeners: [ListenerGroup.Sockets], names: Set<String>) {
        for name in names.subtracting(listeners.map { Self.name(of: $0.endpoint) }) {
            _ = manager.send("FDSTOREREMOVE=1\nFDNAME=\(name)")
        }
        for listener in listeners {
            var rest = listener.descriptors[...]
            while !rest.isEmpty {
                let state = "FDSTORE=1\nFDNAME=\(Self.name(of: listener.endpoint))"
                _ = manager.send(state, descriptors: Array(rest.prefix(Self.batch)))
                rest = rest.dropFirst(Self.batch)
            }
        }
    }
}
