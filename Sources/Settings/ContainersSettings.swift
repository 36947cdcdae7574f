/// `containers`: the names of an engine's containers.
package struct ContainersSettings: SettingGroup, Hashable {
    /// The path of its Unix socket.
    package var socket = "/run/docker.sock"
    package var network: String?
    /// Nil: without limit.
    package var maxStale: Duration?

    package init() {}

    /// `sun_path` of sockaddr_un has 108 bytes with the zero at its end.
    package static let maxSocketBytes = 107

    package static let name = "containers"

    package static let settings: [Setting<ContainersSettings>] = [
        Setting(
            "socket",
            .special(type: "path, at most \(maxSocketBytes) bytes"),
            unset: "`\(ContainersSettings().socket)`",
            "The engine's Unix socket."
        ),
        Setting(
            "network",
            .text(\.network),
            unset: "the container's only one, or the first by name",
            "The network whose addresses count; a container's label `berth.network` comes first."
        ),
        Setting(
            "max_stale",
            .optionalDuration(\.maxStale),
            unset: "without limit",
            "How long the last names stay in force while the engine is down."
        ),
    ]
}
