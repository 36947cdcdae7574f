/// `containers`: the names of an engine's containers.
package struct ContainersSettings: SettingGroup, Hashable {
    /// The path of its Unix socket.
    package var socket = "/run/docker.sock"
    package var network: String?
    /// Whether only containers with one of Berth's labels are served.
    package var onlyLabelled = false
    /// Whether a name that containers of several projects have is served by all of them.
    package var sharedNames = false
    /// The maximum number of containers that are followed.
    package var maxContainers = 10_000
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
            "only_labelled",
            .flag(\.onlyLabelled),
            "Only containers with one of Berth's labels, such as `berth.name`, are served."
        ),
        Setting(
            "shared_names",
            .flag(\.sharedNames),
            "Whether a name that containers of different projects have is served by all of them; otherwise by none."
        ),
        Setting(
            "max_containers",
            .count(\.maxContainers, unit: "containers", range: 1...100_000),
            "The containers that are followed. More are refused, and logged."
        ),
        Setting(
            "max_stale",
            .optionalDuration(\.maxStale),
            unset: "without limit",
            "How long the last names stay in force while the engine is down."
        ),
    ]
}
