import Balancing
import Foundation
import Names
import Routing
import Testing

@testable import ContainerNames

/// The words of one row: what is different from a plain container `web` with one network and one port.
private func facts(_ change: (inout ContainerFacts) -> Void = { _ in }) -> ContainerFacts {
    var facts = ContainerFacts(id: "0123456789abcdef", name: "web", startedAt: "2026-01-01T00:00:00Z")
    facts.exposedPorts = [8080]
    facts.networks = ["podman": .init(address: "10.88.0.2")]
    change(&facts)
    return facts
}

private struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var rules = ContainerNaming()
    let facts: ContainerFacts
    /// `name,name address:port`, or the reason.
    let result: String
}

private let rows: [Row] = [
    Row(testDescription: "its own name, its only port", facts: facts(), result: "web 10.88.0.2:8080"),
    Row(
        testDescription: "aliases are names, the engine's own is not",
        facts: facts { $0.networks["podman"]?.aliases = ["shop", "0123456789ab", "web"] },
        result: "web,shop 10.88.0.2:8080"
    ),
    Row(
        testDescription: "several ports: the target's counts",
        facts: facts { $0.exposedPorts = [80, 443] },
        result: "web 10.88.0.2"
    ),
    Row(
        testDescription: "no port: the target's counts",
        facts: facts { $0.exposedPorts = [] },
        result: "web 10.88.0.2"
    ),
    Row(
        testDescription: "berth.port",
        facts: facts { $0.labels["berth.port"] = "81" },
        result: "web 10.88.0.2:81"
    ),
    Row(
        testDescription: "a bad berth.port",
        facts: facts { $0.labels["berth.port"] = "http" },
        result: "the label berth.port must be from 1 to 65535, not 'http'"
    ),
    Row(
        testDescription: "berth.name",
        facts: facts { $0.labels["berth.name"] = "Shop, blog" },
        result: "shop,blog 10.88.0.2:8080"
    ),
    Row(
        testDescription: "a bad berth.name",
        facts: facts { $0.labels["berth.name"] = "a b/c" },
        result: "'ab/c' of its label berth.name is not a valid name"
    ),
    Row(
        testDescription: "more names than a container may have",
        facts: facts { $0.labels["berth.name"] = String(repeating: "a,", count: 100_000) },
        result: "its label berth.name has more than 64 names"
    ),
    Row(
        testDescription: "berth.enable off",
        facts: facts { $0.labels["berth.enable"] = "false" },
        result: "berth.enable is false"
    ),
    Row(
        testDescription: "berth.enable on",
        facts: facts { $0.labels["berth.enable"] = "TRUE" },
        result: "web 10.88.0.2:8080"
    ),
    Row(
        testDescription: "berth.enable as nobody means it",
        facts: facts { $0.labels["berth.enable"] = "maybe" },
        result: "the label berth.enable must be true or false, not 'maybe'"
    ),
    Row(
        testDescription: "only labelled ones: none",
        rules: ContainerNaming(onlyLabelled: true),
        facts: facts { $0.labels["com.example.berth.port"] = "80" },
        result: "it has none of Berth's labels"
    ),
    Row(
        testDescription: "only labelled ones: a port",
        rules: ContainerNaming(onlyLabelled: true),
        facts: facts { $0.labels["berth.port"] = "81" },
        result: "web 10.88.0.2:81"
    ),
    Row(
        testDescription: "only labelled ones: off",
        rules: ContainerNaming(onlyLabelled: true),
        facts: facts { $0.labels["berth.enable"] = "off" },
        result: "berth.enable is off"
    ),
    Row(
        testDescription: "only labelled ones: a weight",
        rules: ContainerNaming(onlyLabelled: true),
        facts: facts { $0.labels["berth.weight"] = "2" },
        result: "web 10.88.0.2:8080"
    ),
    Row(
        testDescription: "a bad berth.weight",
        facts: facts { $0.labels["berth.weight"] = "-1" },
        result: "the label berth.weight must be from 0 to 65535, not '-1'"
    ),
    Row(
        testDescription: "a bad berth.max_conns",
        facts: facts { $0.labels["berth.max_conns"] = "0" },
        result: "the label berth.max_conns must be from 1 to 1000000, not '0'"
    ),
    Row(
        testDescription: "a berth.drain as nobody means it",
        facts: facts { $0.labels["berth.drain"] = "soon" },
        result: "the label berth.drain must be true or false, not 'soon'"
    ),
    Row(
        testDescription: "down and drain",
        facts: facts { $0.labels = ["berth.drain": "true", "berth.down": "true"] },
        result: "it has both labels berth.drain and berth.down; it is either down or it drains"
    ),
    Row(testDescription: "stopped", facts: facts { $0.isRunning = false }, result: "not running"),
    Row(
        testDescription: "unhealthy",
        facts: facts { $0.health = "unhealthy" },
        result: "its health is unhealthy"
    ),
    Row(
        testDescription: "not healthy yet",
        facts: facts { $0.health = "starting" },
        result: "its health is starting"
    ),
    Row(testDescription: "healthy", facts: facts { $0.health = "healthy" }, result: "web 10.88.0.2:8080"),
    Row(
        testDescription: "several networks: the first by name",
        facts: facts { $0.networks = ["b": .init(address: "10.2.0.1"), "a": .init(address: "10.1.0.1")] },
        result: "web 10.1.0.1:8080"
    ),
    Row(
        testDescription: "several networks: the first that has an address",
        facts: facts { $0.networks = ["b": .init(address: "10.2.0.1"), "a": .init(address: "")] },
        result: "web 10.2.0.1:8080"
    ),
    Row(
        testDescription: "several networks: the setting",
        rules: ContainerNaming(network: "b"),
        facts: facts { $0.networks = ["b": .init(address: "10.2.0.1"), "a": .init(address: "10.1.0.1")] },
        result: "web 10.2.0.1:8080"
    ),
    Row(
        testDescription: "several networks: the label before the setting",
        rules: ContainerNaming(network: "b"),
        facts: facts {
            $0.networks = ["b": .init(address: "10.2.0.1"), "a": .init(address: "10.1.0.1")]
            $0.labels["berth.network"] = "a"
        },
        result: "web 10.1.0.1:8080"
    ),
    Row(
        testDescription: "a label of a network it is not on",
        facts: facts { $0.labels["berth.network"] = "x" },
        result: "it is not on the network 'x' of its label berth.network"
    ),
    Row(
        testDescription: "IPv6 alone",
        facts: facts { $0.networks["podman"] = .init(address: "", address6: "fd00::2") },
        result: "web [fd00::2]:8080"
    ),
    Row(
        testDescription: "the host's network",
        facts: facts {
            $0.networks = [:]
            $0.usesHostNetwork = true
        },
        result: "web 127.0.0.1:8080"
    ),
    Row(
        testDescription: "no address: the published port",
        facts: facts {
            $0.networks = [:]
            $0.publishedPorts = [8080: .init(address: "0.0.0.0", port: 32768)]
        },
        result: "web 127.0.0.1:32768"
    ),
    Row(
        testDescription: "published on one address",
        facts: facts {
            $0.networks = [:]
            $0.publishedPorts = [8080: .init(address: "192.0.2.1", port: 32768)]
        },
        result: "web 192.0.2.1:32768"
    ),
    Row(
        testDescription: "another port is published",
        facts: facts {
            $0.networks = [:]
            $0.publishedPorts = [9: .init(address: "", port: 32768)]
        },
        result: "it has no address on a network and publishes no port"
    ),
    Row(
        testDescription: "nowhere",
        facts: facts { $0.networks = [:] },
        result: "it has no address on a network and publishes no port"
    ),
    Row(
        testDescription: "a name that is none",
        facts: facts { $0.name = "a/b" },
        result: "it has no valid name"
    ),
]

@Suite struct ContainerNamingTests {
    @Test(arguments: rows)
    private func `Names follow the table of labels, networks, ports and health`(row: Row) {
        let result: String
        do throws(ContainerNaming.Unserved) {
            let entry = try row.rules.entry(row.facts)
            let place =
                entry.address.port.map {
                    "\(entry.address.address.isIPv4 ? "" : "[")\(entry.address.address)\(entry.address.address.isIPv4 ? "" : "]"):\($0)"
                } ?? "\(entry.address.address)"
            result = "\(entry.names.joined(separator: ",")) \(place)"
            #expect(entry.address.identity == "0123456789ab@2026-01-01T00:00:00Z")
        } catch {
            result = error.reason
        }
        #expect(result == row.result)
    }

    @Test(
        arguments: [
            ([:], 1, "up", false, nil), (["berth.weight": "0"], 0, "up", false, nil),
            (["berth.drain": "true", "berth.weight": "65535"], 65535, "drain", false, nil),
            (["berth.down": "YES", "berth.drain": "off"], 1, "down", false, nil),
            (["berth.backup": "1", "berth.max_conns": "7"], 1, "up", true, 7),
        ] as [([String: String], UInt16, String, Bool, Int32?)]
    )
    func `Labels give a container its share`(
        labels: [String: String],
        weight: UInt16,
        state: String,
        isBackup: Bool,
        limit: Int32?
    ) throws {
        let address = try ContainerNaming().entry(facts { $0.labels = labels }).address
        #expect(address.weight == weight && address.state.rawValue == state)
        #expect(address.isBackup == isBackup && address.maxConnections == limit)
    }

    @Test func `A name's scope is the project and the network; with berth.name it is the project alone`()
        throws
    {
        func scope(_ change: (inout ContainerFacts) -> Void) throws -> NameScope {
            try ContainerNaming().entry(facts(change)).scope
        }
        #expect(try scope { _ in } == NameScope(network: "podman"))
        #expect(
            try scope { $0.labels["com.docker.compose.project"] = "shop" }
                == NameScope(project: "shop", network: "podman")
        )
        #expect(
            try scope { $0.labels = ["io.podman.compose.project": "shop", "berth.name": "web"] }
                == NameScope(project: "shop")
        )
        #expect(
            try scope { $0.labels = ["com.docker.stack.namespace": "shop", "berth.network": "podman"] }
                == NameScope(project: "shop", network: "podman")
        )
        #expect(try scope { $0.labels["com.docker.compose.project"] = "" } == NameScope(network: "podman"))
        // A label that is too long to be kept is shared with nobody.
        let long = String(repeating: "x", count: 1 << 20)
        let one = try scope { $0.labels["com.docker.compose.project"] = long }
        let two = try scope {
            $0.labels["com.docker.compose.project"] = long
            $0.id = "fedcba9876543210"
        }
        #expect(one != two && (one.project?.utf8.count ?? 0) < 100)
    }

    @Test func `Responses of Docker and Podman are read; what they leave out counts as empty`() throws {
        let docker = """
            {"Id":"ab12","Name":"/web","State":{"Running":true,"Paused":false,"StartedAt":"T1","Health":{"Status":"healthy"}},
             "Config":{"Labels":{"berth.port":"81"},"ExposedPorts":{"80/tcp":{},"53/udp":{}}},"HostConfig":{"NetworkMode":"bridge"},
             "NetworkSettings":{"IPAddress":"172.17.0.2","Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"53/udp":null},
             "Networks":{"bridge":{"IPAddress":"172.17.0.2","GlobalIPv6Address":"","Aliases":null}}}}
            """
        let read = try JSONDecoder().decode(InspectResponse.self, from: Data(docker.utf8)).facts
        #expect(read.name == "web" && read.isRunning && read.health == "healthy")
        #expect(read.exposedPorts == [80])
        #expect(read.publishedPorts == [80: .init(address: "0.0.0.0", port: 8080)])
        #expect(read.networks == ["bridge": .init(address: "172.17.0.2")])
        let least =
            #"{"Id":"ab12","Name":"web","State":{"Running":false},"Config":{"Labels":null},"NetworkSettings":{"Ports":null,"Networks":null}}"#
        #expect(
            try JSONDecoder().decode(InspectResponse.self, from: Data(least.utf8)).facts.isRunning == false
        )
    }
}
