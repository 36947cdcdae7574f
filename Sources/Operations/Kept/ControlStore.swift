import Balancing
import Logging
import Names
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import ProxyCore
import SystemSupport

/// What operators have set of a running tier. Each change is kept in a file before it takes effect: what is in force
/// survives the end of the process, and a change that cannot be kept is refused.
actor ControlStore {
    private(set) var state: KeptState
    /// Nil: nobody can set anything here.
    private let file: KeptStateFile?
    /// What operators have set through registries. What they have set here counts first, the hold and the endpoints each
    /// for itself.
    private var registry: [String: ControlRecord]
    private let tier: Tier
    private let names: NameDirectory
    private let deployed: DeployedNames
    private let logger: Logger
    /// False: another instance has taken the control socket over, and the file with it.
    private let isOwner: @Sendable () -> Bool
    /// The targets that are being deployed.
    private var deployments: [String: ContinuousClock.Instant] = [:]
    private(set) var isStopping = false

    /// Deployments that may run at a time.
    static let maxDeployments = 32

    /// - Parameters:
    ///   - state: that `tier` and `deployed` have begun with.
    ///   - registry: that `tier` has begun with.
    ///   - isOwner: false: another instance has taken the control socket over.
    init(
        _ state: KeptState,
        file: KeptStateFile?,
        registry: [String: ControlRecord] = [:],
        tier: Tier,
        names: NameDirectory,
        deployed: DeployedNames,
        logger: Logger,
        isOwner: @escaping @Sendable () -> Bool
    ) {
        self.state = state
        self.file = file
        self.registry = registry
        self.tier = tier
        self.names = names
        self.deployed = deployed
        self.logger = logger
        self.isOwner = isOwner
    }

    func record(of name: String) -> ControlRecord { state.targets[name] ?? ControlRecord() }

    /// What counts of a target.
    private func hold(of name: String) -> TargetHold? {
        (state.targets[name]?.hold ?? registry[name]?.hold)?.targetHold
    }

    /// What is deployed, by the targets' names: here, or through a registry.
    var deployedTargets: [String: ControlRecord] {
        var all = registry.filter { $0.value.endpoints != nil }
        for (name, record) in state.targets where record.endpoints != nil { all[name] = record }
        return all
    }

    /// Where a hold that is in force comes from.
    func isHeldByRegistry(_ name: String) -> Bool {
        state.targets[name]?.hold == nil && registry[name]?.hold != nil
    }

    // MARK: Changes

    /// Pauses or stops a target, or resumes it (nil). Returns when it holds on all event loops.
    func set(_ hold: ControlRecord.Hold?, for name: String) async throws(ControlRefusal) {
        var record = record(of: name)
        record.hold = hold
        try keep(record, of: name)
        await tier.set(self.hold(of: name), for: name).done()
    }

    /// What registries have of all targets, from now on. Returns when it holds on all event loops.
    func setRegistry(_ records: [String: ControlRecord]) async {
        let names = Set(registry.keys).union(records.keys)
        var changes: [TierChange] = []
        let before = Dictionary(uniqueKeysWithValues: names.map { ($0, hold(of: $0)) })
        registry = records
        for name in names {
            let after = hold(of: name)
            if before[name] != after { changes.append(tier.set(after, for: name)) }
        }
        for change in changes { await change.done() }
    }

    /// Leads a target to endpoints, or back to its name sources (nil). Returns when it holds on all event loops.
    func set(_ endpoints: [ControlRecord.Deployed]?, for name: String) async throws(ControlRefusal) {
        var record = record(of: name)
        record.endpoints = endpoints
        try keep(record, of: name)
        deployed.set(name, record.addresses)
        await published()
        await tier.refresh(target: name).done()
    }

    /// Sets the state of endpoints. Returns when it holds on all event loops.
    ///
    /// - Parameter overridesSource: a name source states otherwise of them.
    func set(
        _ administrative: EndpointSettings.AdministrativeState,
        of endpoints: [SharedEndpoint],
        overridesSource: Bool
    ) async throws(ControlRefusal) {
        let keys = Set(endpoints.map(\.key))
        let others = tier.sharedEndpoints.operatorStates.filter { !keys.contains($0.key) }
        try keep(
            others
                + endpoints.compactMap { $0.operatorState(administrative, overridesSource: overridesSource) }
        )
        await tier.set(administrative, of: endpoints, overridesSource: overridesSource).done()
    }

    /// The rule files have ended a state that an operator had set: it is not to come back with the next start.
    func statesEnded() {
        do throws(ControlRefusal) { try keep(tier.sharedEndpoints.operatorStates) } catch {
            logger.error("the kept state is out of date", metadata: ["reason": "\(error.message)"])
        }
    }

    /// Reads the file again: the instance that had the control socket may have changed it until now.
    func catchUp() async {
        let newest: KeptState
        guard let file else { return }
        do throws(KeptStateError) { newest = try file.read() } catch {
            return logger.error("the kept state cannot be read again", metadata: ["reason": "\(error)"])
        }
        guard newest != state else { return }
        let last = state
        state = newest
        for name in Set(last.targets.keys).union(newest.targets.keys) {
            let (before, after) = (last.targets[name], newest.targets[name])
            if before?.hold != after?.hold { _ = tier.set(hold(of: name), for: name) }
            if before?.endpoints != after?.endpoints { deployed.set(name, after?.addresses ?? []) }
        }
        let states = newest.commands.states
        for ended in tier.sharedEndpoints.setByOperator
        where !states.contains(where: { $0.key == ended.key }) {
            _ = tier.set(ended.health.configuredState, of: [ended])
        }
        for state in states where !last.commands.states.contains(state) {
            tier.sharedEndpoints.restore(state, now: .now())
        }
        await published()
    }

    /// Returns when all event loops have the names that were set.
    private func published() async {
        await withCheckedContinuation { continuation in names.publishNow { continuation.resume() } }
        await tier.reached().done()
    }

    // MARK: The file

    private func keep(_ record: ControlRecord, of name: String) throws(ControlRefusal) {
        try keep { (state) throws(RecordFlaw) in try state.set(record, of: name) }
    }

    private func keep(_ states: [OperatorState]) throws(ControlRefusal) {
        try keep { (state) throws(RecordFlaw) in try state.set(states) }
    }

    /// - Throws: where nothing was changed.
    private func keep(_ change: (inout KeptState) throws(RecordFlaw) -> Void) throws(ControlRefusal) {
        var new = state
        do throws(RecordFlaw) { try change(&new) } catch { throw ControlRefusal(400, error.description) }
        guard new != state else { return }
        guard isOwner() else {
            throw ControlRefusal(
                409,
                "another instance has taken the control socket over: run the command again; nothing has changed"
            )
        }
        do throws(FileError) { try file?.write(new) } catch {
            throw ControlRefusal(500, "the state cannot be kept (\(error)); nothing has changed")
        }
        state = new
    }

    // MARK: Deployments

    /// One deployment of a target at a time: whoever may go on has to call `endDeployment`.
    func beginDeployment(of name: String) throws(ControlRefusal) {
        if let since = deployments[name] {
            let seconds = (ContinuousClock.now - since).components.seconds
            throw ControlRefusal(
                409,
                "a deployment of '\(name)' has been running for \(seconds)s: wait for its end"
            )
        }
        guard deployments.count < Self.maxDeployments else {
            throw ControlRefusal(
                409,
                "\(Self.maxDeployments) deployments are running: wait for the end of one"
            )
        }
        guard !isStopping else { throw ControlRefusal(409, "the tier is stopping") }
        deployments[name] = .now
    }

    func endDeployment(of name: String) { deployments[name] = nil }

    /// The tier ends: deployments that have not changed anything yet end too.
    func stop() { isStopping = true }
}
