import Balancing
import FoundationEssentials
import Names
import Proxy
import ProxyCore
import Routing

/// All that operators have set of a tier, as it is kept for the next start. A pure value.
package struct KeptState: Codable, Equatable, Sendable {
    /// The state that an operator has set of one endpoint in one pool.
    package struct EndpointState: Codable, Hashable, Sendable {
        var endpoint: String
        /// Nil: of targets without a pool.
        var pool: String?
        /// What is at the endpoint, where the name source knows it.
        var identity: String?
        var state: String
        /// What the rule files had when it was set.
        var over: String
    }

    private static let currentVersion = 1
    /// Targets with a hold or deployed endpoints.
    static let maxTargets = 10_000
    /// Deployed endpoints of all targets together.
    static let maxDeployed = 65_536
    static let maxStates = SharedEndpoints.keptEndpoints
    /// The longest name of a pool, or identity of a container, bytes.
    private static let textBytes = 4096

    private var version = currentVersion
    /// By their names; those without anything are left out.
    private(set) var targets: [String: ControlRecord] = [:]
    /// In a fixed order.
    private(set) var states: [EndpointState] = []

    package init() {}

    /// - Throws: where there are too many.
    init(_ targets: [String: ControlRecord]) throws(RecordFlaw) {
        self.targets = targets
        try checkSizes()
    }

    // MARK: Changes

    /// - Throws: where there would be too many.
    mutating func set(_ record: ControlRecord, of name: String) throws(RecordFlaw) {
        targets[name] = record.isEmpty ? nil : record
        try checkSizes()
    }

    /// - Throws: where there are too many.
    mutating func set(_ states: [OperatorState]) throws(RecordFlaw) {
        self.states = states.map(EndpointState.init).sorted { $0.order < $1.order }
        try checkSizes()
    }

    private func checkSizes() throws(RecordFlaw) {
        guard targets.count <= Self.maxTargets else {
            throw RecordFlaw(
                "\(Self.maxTargets) targets are paused, stopped or deployed; resume or reset some"
            )
        }
        guard targets.values.reduce(0, { $0 + ($1.endpoints?.count ?? 0) }) <= Self.maxDeployed else {
            throw RecordFlaw("\(Self.maxDeployed) endpoints are deployed; reset some targets")
        }
        guard states.count <= Self.maxStates else {
            throw RecordFlaw(
                "operators have set the states of \(Self.maxStates) endpoints; set those up that are gone ('berth pools' lists them)"
            )
        }
    }

    // MARK: For a tier

    var commands: TierCommands {
        TierCommands(
            holds: targets.compactMapValues(\.hold?.targetHold),
            states: states.compactMap(\.operatorState)
        )
    }

    /// The names whose endpoints are deployed.
    var deployedNames: [String: [NamedAddress]] {
        targets.compactMapValues { $0.endpoints == nil ? nil : $0.addresses }
    }

    // MARK: As a file

    func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        // Texts and finite numbers: encoding cannot fail.
        return ((try? encoder.encode(self)).map { [UInt8]($0) } ?? []) + [UInt8(ascii: "\n")]
    }

    /// - Throws: where anything in it is not understood: a state that is passed over may be the one that stopped a target.
    init(decoding bytes: [UInt8]) throws(RecordFlaw) {
        let data = Data(bytes)
        let decoder = JSONDecoder()
        do {
            struct Version: Decodable { let version: Int }
            let version = try decoder.decode(Version.self, from: data).version
            guard version == Self.currentVersion else {
                throw RecordFlaw(
                    "it has version \(version), and this program reads \(Self.currentVersion)"
                )
            }
            self = try decoder.decode(KeptState.self, from: data)
            // What the file has besides, such as a misspelled key.
            let kept = try decoder.decode(JSONTree.self, from: Data(encoded()))
            guard try decoder.decode(JSONTree.self, from: data) == kept else {
                throw RecordFlaw("it has keys that this program does not know")
            }
        } catch let flaw as RecordFlaw {
            throw flaw
        } catch {
            throw RecordFlaw(JSONTree.reason(error))
        }
        for (name, record) in targets {
            guard try ControlRecord.name(name) == name else {
                throw RecordFlaw("the target '\(name)' is not in lower case")
            }
            try record.validate(name)
        }
        for state in states { try state.validate(textBytes: Self.textBytes) }
        guard Set(states.map(\.order)).count == states.count else {
            throw RecordFlaw("an endpoint has two states")
        }
        try checkSizes()
    }
}

extension KeptState.EndpointState {
    init(_ state: OperatorState) {
        self.init(
            endpoint: "\(state.key.endpoint)",
            pool: state.key.pool,
            identity: state.key.identity,
            state: state.state.rawValue,
            over: state.over.rawValue
        )
    }

    /// Of a state that is valid.
    var operatorState: OperatorState? {
        guard let endpoint = Endpoint(endpoint),
            let state = EndpointSettings.AdministrativeState(rawValue: state),
            let over = EndpointSettings.AdministrativeState(rawValue: over)
        else { return nil }
        return OperatorState(
            key: SharedEndpoints.Key(endpoint: endpoint, identity: identity, pool: pool),
            state: state,
            over: over
        )
    }

    /// Different for each endpoint of each pool.
    fileprivate var order: String { "\(pool ?? "")\u{0}\(endpoint)\u{0}\(identity ?? "")\u{0}\(pool == nil)" }

    fileprivate func validate(textBytes: Int) throws(RecordFlaw) {
        guard operatorState != nil else {
            throw RecordFlaw("'\(state)' of '\(endpoint)' is not the state of an endpoint")
        }
        guard (pool ?? "").utf8.count <= textBytes, (identity ?? "").utf8.count <= textBytes else {
            throw RecordFlaw("the pool or the identity of \(endpoint) is too long")
        }
    }
}
