import Names
import Routing

/// The rules and names of every simulation, compiled once.
enum SimulatedRules {
    static let table = Result { try RouteTable(rules) }

    private static var rules: [RuleDefinition] {
        var limited = RuleDefinition(name: "limited", host: "limited.test", action: .forward(to: "a"))
        limited.maxBodyBytes = UInt64(Simulation.bodyLimit)
        return [
            RuleDefinition(
                name: "redirect",
                host: "redirect.test",
                action: .redirect(to: "https://other.test/")
            ),
            RuleDefinition(
                name: "respond",
                host: "respond.test",
                action: .respond(status: 200, body: "here")
            ),
            limited,
            RuleDefinition(name: "forward", host: "~^(?<name>[a-z]+)\\.test$", action: .forward(to: "$name")),
        ]
    }

    /// One endpoint, two, and three.
    static let names = NameTable(layers: [
        NameLayer(
            source: "static",
            names: ["a": addresses(1), "b": addresses(2), "c": addresses(3)]
        )
    ])

    private static func addresses(_ count: UInt32) -> [NamedAddress] {
        (0..<count).map { NamedAddress(address: IPAddress(v4: 0x0A01_0000 + count * 16 + $0), port: 80) }
    }
}
