import FoundationEssentials
import Glibc
import Proxy

/// Descriptors that a service manager passes at the start: those of socket units, and those that it has kept of an
/// earlier run (sd_listen_fds(3), `FDSTORE`).
enum SocketActivation {
    static let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    /// The first of them.
    private static let first: Int32 = 3
    /// More are not looked at.
    private static let maxDescriptors = 4096

    /// - Returns: the sockets, and the names under which they were kept.
    static func receive(_ environment: [String: String]) -> (sockets: InheritedSockets, names: Set<String>) {
        var sockets = InheritedSockets()
        var kept: Set<String> = []
        for (descriptor, name) in descriptors(environment, of: getpid()) {
            if fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, !sockets.add(descriptor) { close(descriptor) }
            if name.hasPrefix(DescriptorStore.prefix) { kept.insert(name) }
        }
        return (sockets, kept)
    }

    /// What the environment names.
    static func descriptors(
        _ environment: [String: String],
        of process: pid_t
    ) -> [(descriptor: Int32, name: String)] {
        guard environment["LISTEN_PID"].flatMap(pid_t.init) == process,
            let count = environment["LISTEN_FDS"].flatMap(Int.init), (1...maxDescriptors).contains(count)
        else { return [] }
        let names = environment["LISTEN_FDNAMES"].map {
            $0.split(separator: ":", omittingEmptySubsequences: false)
        }
        return (0..<count).map { index in
            let name = names.flatMap { index < $0.count ? String($0[index]) : nil }
            return (first + Int32(index), name ?? "")
        }
    }
}
