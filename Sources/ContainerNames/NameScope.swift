/// Where a container's names hold.
///
/// A project is what one person starts together, such as one compose file: its containers may share a name, those
/// of different projects may not. An alias or a container's own name holds on its network, as the engine resolves it;
/// the label `berth.name` holds on every network.
package struct NameScope: Sendable, Hashable {
    /// Nil: the container belongs to no project.
    package var project: String?
    /// Nil: every network.
    package var network: String?

    package init(project: String? = nil, network: String? = nil) {
        self.project = project
        self.network = network
    }

    /// The labels that compose programs and Swarm give each container of a project.
    private static let labels = [
        "com.docker.compose.project", "io.podman.compose.project", "com.docker.stack.namespace",
    ]

    /// The maximum length of a project's and a network's name, bytes.
    private static let maxBytes = 255

    /// The scope of a container's names.
    ///
    /// - Parameter network: the network that counts; nil: every network.
    init(_ facts: ContainerFacts, network: String?) {
        let project = Self.labels.lazy.compactMap { facts.labels[$0] }.first { !$0.isEmpty }
        self.init(
            project: project.map { Self.bounded($0, facts.id) },
            network: network.map { Self.bounded($0, facts.id) }
        )
    }

    /// A name that is too long to be kept for each container is not that of another one.
    private static func bounded(_ name: String, _ id: String) -> String {
        name.utf8.count <= maxBytes ? name : String(name.unicodeScalars.prefix(32)) + "… of \(id.prefix(12))"
    }

    /// Why containers with these scopes do not share a name; nil: they share it.
    static func conflict(_ scopes: Set<NameScope>) -> String? {
        let projects = Set(scopes.map(\.project))
        if projects.count > 1 {
            return "containers of different projects (\(list(projects, none: "no project")))"
        }
        let networks = Set(scopes.compactMap(\.network))
        if networks.count > 1 { return "containers on different networks (\(list(networks)))" }
        return nil
    }

    /// The first few, for a message.
    private static func list(_ names: Set<String?>, none: String = "") -> String {
        let shown = names.map { $0.map { String($0.unicodeScalars.prefix(64)) } ?? none }.sorted().prefix(4)
        return shown.joined(separator: ", ") + (names.count > shown.count ? ", …" : "")
    }
}
