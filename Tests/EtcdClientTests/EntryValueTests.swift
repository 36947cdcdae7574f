import Balancing
import Foundation
import Names
import RegistryTestSupport
import Routing
import Testing

@testable import EtcdClient

@Suite struct EntryValueTests {
    @Test(
        arguments: [
            (#"{"address":"10.0.0.5:9000"}"#, [at("10.0.0.5:9000")]),
            (#"{"address":"10.0.0.5","port":9000,"weight":7}"#, [at("10.0.0.5:9000", weight: 7)]),
            (#"{"address":"[fd00::5]:90","weight":0}"#, [at("[fd00::5]:90", weight: 0)]),
            (#"[{"address":"10.0.0.5:1"},{"address":"10.0.0.6:2"}]"#, [at("10.0.0.5:1"), at("10.0.0.6:2")]),
            (#"[{"address":"10.0.0.5:1"},{"address":"10.0.0.5:1"}]"#, [at("10.0.0.5:1")]),
            (
                #"{"address":"10.0.0.5:1","meta":{"instance":"i-1","x":[1]}}"#,
                [at("10.0.0.5:1", identity: "i-1")]
            ),
            (#"{"address":"10.0.0.5:1","meta":"anything","more":null}"#, [at("10.0.0.5:1")]),
            (#"{"address":"10.0.0.5:1","meta":{"instance":"with space"}}"#, [at("10.0.0.5:1")]),
            (
                #"[{"address":"10.0.0.5:1","drain":true},{"address":"10.0.0.6:1","down":true,"drain":false}]"#,
                [at("10.0.0.5:1") { $0.state = .drain }, at("10.0.0.6:1") { $0.state = .down }]
            ),
            (
                #"{"address":"10.0.0.5:1","backup":true,"max_conns":50}"#,
                [
                    at("10.0.0.5:1") {
                        $0.isBackup = true
                        $0.maxConnections = 50
                    }
                ]
            ),
            (
                #"[{"address":"10.0.0.5:1","health":"down"},{"address":"10.0.0.6:1","health":"up"}]"#,
                [at("10.0.0.5:1") { $0.health = .down }, at("10.0.0.6:1") { $0.health = .up }]
            ),
            (#"{"address":"10.0.0.5:1","drain":null,"down":false,"max_conns":null}"#, [at("10.0.0.5:1")]),
        ]
    )
    func `One address or a list of them is read, with the port in either place`(
        text: String,
        addresses: [NamedAddress]
    ) throws {
        #expect(try EntryValue(Data(text.utf8)).addresses == addresses)
    }

    @Test(
        arguments: [
            ("", "the value is empty"),
            ("10.0.0.5:9000", "it is not JSON"),
            ("{", "it is not JSON"),
            ("\"10.0.0.5:9000\"", "it is neither an object with 'address' nor a list of them"),
            ("17", "it is neither an object with 'address' nor a list of them"),
            ("[]", "the list of addresses is empty"),
            ("{}", "'address' is missing"),
            (#"{"address":null}"#, "'address' is of the wrong type"),
            (#"{"address":["10.0.0.5"]}"#, "'address' is of the wrong type"),
            (
                #"{"address":"host_02:90"}"#,
                "'address' must be like 10.0.0.5:9000 or 10.0.0.5, not 'host_02:90'"
            ),
            (
                #"{"address":"10.0.0.5:99999"}"#,
                "'address' must be like 10.0.0.5:9000 or 10.0.0.5, not '10.0.0.5:99999'"
            ),
            (#"{"address":"10.0.0.5:0"}"#, "the port in 'address' must be from 1 to 65535"),
            (#"{"address":"10.0.0.5:1","port":2}"#, "'address' and 'port' name different ports"),
            (#"{"address":"10.0.0.5","port":70000}"#, "'port' must be from 1 to 65535"),
            (#"{"address":"10.0.0.5:1","weight":-1}"#, "'weight' must be from 0 to 65535"),
            (#"{"address":"10.0.0.5:1","drain":"yes"}"#, "'drain' is of the wrong type"),
            (#"{"address":"10.0.0.5:1","down":1}"#, "'down' is of the wrong type"),
            (
                #"{"address":"10.0.0.5:1","down":true,"drain":true}"#,
                "an address is either 'down' or it drains ('drain')"
            ),
            (#"{"address":"10.0.0.5:1","health":"ill"}"#, "'health' must be up or down"),
            (#"{"address":"10.0.0.5:1","health":true}"#, "'health' is of the wrong type"),
            (#"{"address":"10.0.0.5:1","max_conns":0}"#, "'max_conns' must be from 1 to 1000000"),
            (#"{"address":"10.0.0.5:1","max_conns":1000001}"#, "'max_conns' must be from 1 to 1000000"),
        ]
    )
    func `What says nothing names the field`(text: String, problem: String) {
        #expect(throws: InvalidEntry(problem)) { try EntryValue(Data(text.utf8)) }
    }

    @Test func `Deep, huge and broken values end in a problem, never otherwise`() {
        let values: [[UInt8]] = [
            Array(repeating: UInt8(ascii: "["), count: 60_000),
            Array((#"{"a":"# + String(repeating: #"{"a":"#, count: 10_000)).utf8),
            Array(repeating: 0, count: 1000), Array(repeating: 0xFF, count: 1000),
            Array(repeating: 0x20, count: EntryValue.maxBytes + 1),
            Array(
                "[\((0...EntryValue.maxAddresses).map { "{\"address\":\"10.0.0.1:\($0 + 1)\"}" }.joined(separator: ","))]"
                    .utf8
            ),
            Array(#"{"address":"10.0.0.1","weight":1e999}"#.utf8),
        ]
        for value in values { #expect(throws: InvalidEntry.self) { try EntryValue(Data(value)) } }
    }

    @Test func `What registration writes is read as it was meant`() throws {
        let written = EntryValue.json(
            .init(address: at("10.0.0.5:1").address, port: 9000),
            weight: 3,
            instance: "i-7"
        )
        #expect(
            try EntryValue(Data(written.utf8)).addresses == [at("10.0.0.5:9000", weight: 3, identity: "i-7")]
        )
    }

    @Test(arguments: [EndpointSettings.AdministrativeState.up, .down, .drain])
    func `A state that a command writes is read`(state: EndpointSettings.AdministrativeState) throws {
        let text = try #require(EtcdEntryStore.value("10.0.0.5:9000", weight: 2, state: state))
        #expect(text.contains(state.rawValue) == (state != .up))
        let read = try EntryValue(Data(text.utf8)).addresses
        #expect(read == [at("10.0.0.5:9000", weight: 2) { $0.state = state }])
    }

    @Test
    func `When an entry was written is read where its value says so; other texts spoil nothing`() throws {
        let endpoint = Endpoint(address: at("10.0.0.5:1").address, port: 9000)
        let written = EntryValue.json(endpoint, instance: "i-7", since: 1_763_725_000)
        let value = try EntryValue(Data(written.utf8))
        #expect(value.since == 1_763_725_000 && value.addresses == [at("10.0.0.5:9000", identity: "i-7")])
        #expect(try EntryValue(Data(EntryValue.json(endpoint).utf8)).since == nil)
        for since in ["\"then\"", "1e99", "null", "[1]", "1.5"] {
            let value = try EntryValue(
                Data("{\"address\":\"10.0.0.5\",\"meta\":{\"since\":\(since),\"instance\":\"a\"}}".utf8)
            )
            #expect(value.since == nil && value.addresses.first?.identity == "a")
        }
    }

    @Test(
        arguments: [
            ("host_01", true), ("a.b-c", true), ("Host", false), ("a/b", false), ("", false), ("a:80", false),
            ("a.", false),
        ]
    )
    func `A key ends with a name in its normal form`(rest: String, isName: Bool) {
        let keys = EtcdKeys(prefix: "/berth/hosts/")
        let name = try? keys.name(keys.key(rest))
        #expect(name == (isName ? rest : nil))
        #expect(keys.end == Array("/berth/hosts0".utf8))
    }
}
