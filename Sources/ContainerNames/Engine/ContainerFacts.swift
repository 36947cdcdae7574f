/// What the engine reports of one container, as far as names need it.
package struct ContainerFacts: Sendable, Equatable {
    package var id: String
    /// Without the leading slash.
    package var name: String
    /// Changes with each start.
    package var startedAt: String
    package var isRunning = true
    /// `none`, `starting`, `healthy` or `unhealthy`; empty: none.
    package var health = ""
    package var labels: [String: String] = [:]
    package var usesHostNetwork = false
    /// The TCP ports that the image or the container exposes.
    package var exposedPorts: Set<UInt16> = []
    /// The TCP port in the container → the address where the host publishes it.
    package var publishedPorts: [UInt16: Published] = [:]
    /// By the network's name.
    package var networks: [String: Network] = [:]

    package struct Network: Sendable, Equatable {
        /// Empty: none.
        package var address: String
        package var address6: String
        package var aliases: [String]

        package init(address: String, address6: String = "", aliases: [String] = []) {
            self.address = address
            self.address6 = address6
            self.aliases = aliases
        }
    }

    package struct Published: Sendable, Equatable {
        package var address: String
        package var port: UInt16

        package init(address: String, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    package init(id: String, name: String, startedAt: String) {
        self.id = id
        self.name = name
        self.startedAt = startedAt
    }
}
