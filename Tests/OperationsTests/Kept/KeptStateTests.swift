import Balancing
import Foundation
import Names
import NIOCore
import Proxy
import ProxyCore
import Routing
import Testing

@testable import Operations

@Suite struct KeptStateTests {
    private static func operatorState(
        _ endpoint: String,
        pool: String? = "api",
        identity: String? = nil
    ) throws -> OperatorState {
        OperatorState(
            key: SharedEndpoints.Key(
                endpoint: try #require(Endpoint(endpoint)),
                identity: identity,
                pool: pool
            ),
            state: .drain,
            over: .up
        )
    }

    private static func example() throws -> KeptState {
        var state = KeptState()
        try state.set(ControlRecord(hold: .paused(max: 0.5)), of: "api")
        let deployed = ControlRecord.Deployed(endpoint: "10.0.0.5:8080", identity: "deployed-1")
        try state.set(
            ControlRecord(
                endpoints: [deployed, .init(endpoint: "[::1]:80")],
                hold: .stopped(message: "a 'b'")
            ),
            of: "web"
        )
        try state.set(ControlRecord(hold: .stopped(message: nil)), of: "x")
        try state.set([
            operatorState("10.0.0.9:80"), operatorState("10.0.0.3:80", pool: nil, identity: "c1"),
        ])
        return state
    }

    /// A path without a file.
    private static func freshPath() -> String { "/tmp/berth-\(UUID().uuidString.prefix(8)).state" }

    // MARK: The value

    @Test func `What is kept is read again`() throws {
        let state = try Self.example()
        #expect(try KeptState(decoding: state.encoded()) == state)
        #expect(try KeptState(decoding: KeptState().encoded()) == KeptState())
        #expect(
            state.commands.holds == [
                "api": .paused(max: .milliseconds(500)), "web": .stopped(message: "a 'b'"),
                "x": .stopped(message: nil),
            ]
        )
        #expect(
            Set(state.commands.states) == [
                try Self.operatorState("10.0.0.9:80"),
                try Self.operatorState("10.0.0.3:80", pool: nil, identity: "c1"),
            ]
        )
        #expect(state.deployedNames.keys.sorted() == ["web"])
        #expect(state.deployedNames["web"]?.map(\.identity) == ["deployed-1", nil])
        #expect(state.deployedNames["web"]?.map(\.port) == [8080, 80])
    }

    @Test func `A record without anything is not kept`() throws {
        var state = try Self.example()
        for name in ["api", "web", "x"] { try state.set(ControlRecord(), of: name) }
        try state.set([])
        #expect(state == KeptState())
    }

    @Test(arguments: [
        ("", "it is not valid JSON"),
        ("{", "it is not valid JSON"),
        ("[]", "a value of another type is needed"),
        (#"{"targets": {}, "states": []}"#, "'version' is missing"),
        (#"{"version": 2, "targets": {}, "states": []}"#, "it has version 2, and this program reads 1"),
        (#"{"version": 1, "targets": {}}"#, "'states' is missing"),
        (
            #"{"version": 1, "targets": {}, "states": [], "more": 1}"#,
            "it has keys that this program does not know"
        ),
        (
            #"{"version": 1, "targets": {"api": {"holds": {"state": "paused", "max": 30}}}, "states": []}"#,
            "it has keys that this program does not know"
        ),
        (
            #"{"version": 1, "targets": {"api": {}}, "states": []}"#,
            "'api' has neither endpoints nor a hold"
        ),
        (
            #"{"version": 1, "targets": {"api": {"hold": {"state": "off"}}}, "states": []}"#,
            "targets.api.hold.state: the value is not valid"
        ),
        (
            #"{"version": 1, "targets": {"api": {"hold": {"state": "paused", "max": 0}}}, "states": []}"#,
            "the longest wait is from 1 ms to 1 h"
        ),
        (
            #"{"version": 1, "targets": {"api": {"hold": {"state": "stopped", "message": "<b>"}}}, "states": []}"#,
            "the message has to be 1 to 200 printable ASCII characters without \" \\ < > &"
        ),
        (
            #"{"version": 1, "targets": {"API": {"hold": {"state": "stopped"}}}, "states": []}"#,
            "the target 'API' is not in lower case"
        ),
        (
            #"{"version": 1, "targets": {"a b": {"hold": {"state": "stopped"}}}, "states": []}"#,
            "'a b' is not a valid name of a target"
        ),
        (
            #"{"version": 1, "targets": {"api": {"endpoints": []}}, "states": []}"#,
            "a target has 1 to 256 endpoints"
        ),
        (
            #"{"version": 1, "targets": {"api": {"endpoints": [{"endpoint": "10.0.0.5"}]}}, "states": []}"#,
            "'10.0.0.5' is not an endpoint; write it like 10.0.0.2:8080"
        ),
        (
            #"{"version": 1, "targets": {"api": {"endpoints": [{"endpoint": "10.0.0.5:1"}, {"endpoint": "10.0.0.5:1"}]}}, "states": []}"#,
            "the endpoint 10.0.0.5:1 is there twice"
        ),
        (
            #"{"version": 1, "targets": {"10.0.0.1": {"endpoints": [{"endpoint": "10.0.0.5:1"}]}}, "states": []}"#,
            "'10.0.0.1' is an address: a rule that has it leads there"
        ),
        (
            #"{"version": 1, "targets": {}, "states": [{"endpoint": "10.0.0.5:1", "state": "off", "over": "up"}]}"#,
            "'off' of '10.0.0.5:1' is not the state of an endpoint"
        ),
        (
            #"{"version": 1, "targets": {}, "states": [{"endpoint": "10.0.0.5:1", "state": "down", "over": "up"}, {"endpoint": "10.0.0.5:1", "state": "drain", "over": "up"}]}"#,
            "an endpoint has two states"
        ),
    ])
    func `A file with anything that is not understood is refused`(text: String, reason: String) {
        let flaw = #expect(throws: RecordFlaw.self) { try KeptState(decoding: Array(text.utf8)) }
        #expect(flaw?.description == reason)
    }

    @Test func `A file that is cut off anywhere is refused`() throws {
        let whole = try Self.example().encoded()
        for count in 0..<(whole.count - 2) {
            #expect(throws: RecordFlaw.self) { try KeptState(decoding: Array(whole[..<count])) }
        }
    }

    @Test func `There is a bound for targets, for deployed endpoints and for states`() throws {
        var state = KeptState()
        for number in 0..<KeptState.maxTargets {
            try state.set(ControlRecord(hold: .stopped(message: nil)), of: "n\(number)")
        }
        #expect(throws: RecordFlaw.self) {
            try state.set(ControlRecord(hold: .stopped(message: nil)), of: "one-more")
        }
        state = KeptState()
        let many = (1...256).map { ControlRecord.Deployed(endpoint: "10.0.0.1:\($0)") }
        for number in 0..<256 { try state.set(ControlRecord(endpoints: many), of: "n\(number)") }
        #expect(throws: RecordFlaw.self) { try state.set(ControlRecord(endpoints: many), of: "one-more") }
        let states = try (0...KeptState.maxStates).map {
            try Self.operatorState("10.0.\($0 / 250).1:\(1 + $0 % 250)")
        }
        var other = KeptState()
        try other.set(Array(states.dropLast()))
        #expect(throws: RecordFlaw.self) { try other.set(states) }
    }

    // MARK: The file

    @Test func `The file has mode 0600, and is written as a whole`() throws {
        let file = KeptStateFile(path: Self.freshPath())
        defer { try? FileManager.default.removeItem(atPath: file.path) }
        #expect(try file.read() == KeptState())
        let state = try Self.example()
        try file.write(state)
        #expect(try file.read() == state)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `A damaged file is an error that names it and says what to do`() throws {
        let file = KeptStateFile(path: Self.freshPath())
        defer { try? FileManager.default.removeItem(atPath: file.path) }
        try Data("{".utf8).write(to: URL(filePath: file.path))
        let error = #expect(throws: KeptStateError.self) { try file.read() }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("\(file.path): the kept state cannot be used: it is not valid JSON. "))
        #expect(text.contains("remove it to start without them"))
        #expect(throws: KeptStateError.self) { try KeptStateFile(path: "/proc/self").read() }
    }

    @Test func `The file is beside the socket, or in the state directory with a name for each socket`() throws
    {
        let admin = try ControlAddress.parse(path: "/run/berth/admin.sock").get()
        #expect(KeptStateFile(admin, stateDirectory: nil).path == "/run/berth/admin.sock.state")
        let path = KeptStateFile(admin, stateDirectory: "/var/lib/berth").path
        #expect(path.hasPrefix("/var/lib/berth/control-admin.sock-") && path.hasSuffix(".json"))
        let other = try ControlAddress.parse(path: "/run/other/admin.sock").get()
        #expect(KeptStateFile(other, stateDirectory: "/var/lib/berth").path != path)
    }
}
