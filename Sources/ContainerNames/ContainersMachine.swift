package import Names
package import RegistryClient

/// Follows a container engine: its events, and the list of running containers; each container is inspected once,
/// and again after each of its events.
///
/// Pure: events in, actions out.
package struct ContainersMachine: RegistryMachine, ~Copyable {
    package typealias Action = MachineAction<Request, NameSourceUpdate>

    package enum Limit {
        /// The maximum number of inspections at one time.
        package static let inspections = 8
        /// The time limit of one response.
        package static let response = Duration.seconds(5)
        /// The interval of the list: it brings what the events have missed.
        package static let relist = Duration.seconds(30)
        /// Restarts within `restartWindow` after which a container is served at once; after each further one it has
        /// to stay up first: 1 s, 2 s, 4 s, up to `maxHold`.
        package static let restarts = 2
        package static let restartWindow = Duration.seconds(30)
        package static let maxHold = Duration.seconds(10)
        /// The maximum length of a problem, characters.
        package static let problem = 300
    }

    package enum Change: Sendable, Equatable {
        /// The container is unreachable from now on: died, stopped, paused, removed.
        case gone
        /// Something about it has changed: inspect it.
        case changed
    }

    package enum Request: Sendable {
        case follow
        case list
        case inspect(id: String)
    }

    package enum Event: RegistryMachineEvent {
        case started
        case timer
        case listed(RequestToken, [String])
        case inspected(RequestToken, ContainerFacts)
        /// There is no such container.
        case missing(RequestToken)
        /// The engine's description of it cannot be used; other containers are not affected.
        case unreadable(RequestToken, String)
        case changed(RequestToken, id: String, Change)
        case failed(RequestToken, String)
        case stopped
    }

    struct Container {
        var entry: ContainerNaming.Entry?
        /// When it went away, within the window.
        var ends: [Duration] = []
        var heldUntil: Duration?
        /// The problem that was reported last.
        var problem: String?
    }

    struct Inspection {
        let id: String
        let until: Duration
        /// Something happened to the container meanwhile: inspect it again.
        var isStale = false
    }

    let naming: ContainerNaming
    /// The maximum number of containers that are followed.
    let maxContainers: Int
    var claims: NameClaims
    var stream: RequestToken?
    var listing: (token: RequestToken, until: Duration)?
    var inspections: [RequestToken: Inspection] = [:]
    /// The containers to inspect, in order, each once.
    var queue: [String] = []
    var queued: Set<String> = []
    /// The containers whose inspection has failed once.
    var retried: Set<String> = []
    /// When the last response arrived.
    var lastResponse = Duration.zero
    var containers: [String: Container] = [:]
    var nextList: Duration?
    var retryAt: Duration?
    /// This connection's list has arrived, and all its containers have been inspected.
    var isComplete = false
    var hasListed = false
    /// The names that were emitted last.
    var emitted: [String: [NamedAddress]]?
    /// `emitted` may be out of date.
    var isDirty = true
    /// The last list had more containers than the maximum.
    var isOverfull = false
    /// The containers that have to stay up for a while before they are served.
    var held: Set<String> = []
    var isDown = false
    var tokens = RequestTokens()
    var backoff = Backoff()
    var hasStopped = false
    var armed: Duration?

    /// - Parameter sharesNames: whether a name that containers of different projects have is served by all of them.
    package init(naming: ContainerNaming, sharesNames: Bool = false, maxContainers: Int = 10_000) {
        self.naming = naming
        self.maxContainers = maxContainers
        claims = NameClaims(sharesNames: sharesNames)
    }

    package mutating func handle(_ event: Event, now: Duration, random: UInt64) -> [Action] {
        guard !hasStopped else { return [] }
        var actions: [Action] = []
        switch event {
        case .started: connect(now, &actions)
        case .stopped:
            disconnect(&actions)
            hasStopped = true
            return actions
        case .timer:
            armed = nil
            expire(now, random, &actions)
        case .listed(let token, let ids):
            guard listing?.token == token else { return [] }
            listing = nil
            lastResponse = now
            hasListed = true
            nextList = now + Limit.relist
            listed(ids, now, &actions)
        case .inspected(let token, let facts):
            guard let inspection = inspections.removeValue(forKey: token) else { return [] }
            lastResponse = now
            retried.remove(inspection.id)
            if inspection.isStale {
                enqueue(inspection.id)
            } else {
                inspected(inspection.id, facts, now, &actions)
            }
        case .missing(let token):
            guard let inspection = inspections.removeValue(forKey: token) else { return [] }
            lastResponse = now
            forget(inspection.id)
        case .unreadable(let token, let reason):
            guard let inspection = inspections.removeValue(forKey: token) else { return [] }
            lastResponse = now
            report(inspection.id, "\(inspection.id.prefix(12)): \(reason)", &actions)
        case .changed(let token, let id, let change):
            guard token == stream else { return [] }
            changed(id, change, now)
        case .failed(let token, let reason):
            if let inspection = inspections.removeValue(forKey: token) {
                inspectionFailed(inspection.id, reason, &actions)
            } else {
                guard token == stream || token == listing?.token else { return [] }
                fail(reason, now, random, &actions)
            }
        }
        inspect(now, &actions)
        publish(now, &actions)
        arm(&actions)
        return actions
    }

    // MARK: Containers

    private mutating func listed(_ ids: [String], _ now: Duration, _ actions: inout [Action]) {
        let listed = Set(ids)
        for id in Array(containers.keys) where !listed.contains(id) {
            // A container that has ended keeps its history until it is removed; its entry ends now.
            if containers[id]?.entry != nil {
                containers[id]?.entry = nil
                isDirty = true
            }
            if containers[id]?.ends.contains(where: { now - $0 < Limit.restartWindow }) != true {
                forget(id)
            }
        }
        // Those that are followed stay: a flood of containers takes no name away.
        let known = ids.filter { containers[$0] != nil }
        let new = ids.filter { containers[$0] == nil }
        for id in (known + new).prefix(maxContainers) { enqueue(id) }
        let wasOverfull = isOverfull
        isOverfull = listed.count > maxContainers
        if isOverfull, !wasOverfull {
            let text =
                "\(listed.count) containers, more than max_containers (\(maxContainers)): the others are not served"
            actions.append(.emit(.warning(text)))
        }
    }

    private mutating func inspected(
        _ id: String,
        _ facts: ContainerFacts,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        if containers[id] == nil, containers.count >= maxContainers { return }
        var container = containers[id] ?? Container()
        let before = container.entry
        defer { if containers[id]?.entry != before { isDirty = true } }
        do throws(ContainerNaming.Unserved) {
            container.entry = try naming.entry(facts)
            container.problem = nil
            container.ends.removeAll { now - $0 >= Limit.restartWindow }
            let extra = container.ends.count - Limit.restarts
            if extra > 0, container.heldUntil == nil, let last = container.ends.last {
                container.heldUntil = last + min(Limit.maxHold, .seconds(1 << min(extra - 1, 10)))
                held.insert(id)
            }
            containers[id] = container
        } catch {
            container.entry = nil
            containers[id] = container
            if error.isProblem { report(id, "container \(facts.name): \(error.reason)", &actions) }
        }
    }

    /// Repeats an inspection once whose connection broke. An engine that dies also breaks the events, which then
    /// report it; an engine that breaks the connection for one container stays in use.
    private mutating func inspectionFailed(_ id: String, _ reason: String, _ actions: inout [Action]) {
        if retried.insert(id).inserted { return enqueue(id) }
        retried.remove(id)
        report(id, "\(id.prefix(12)): \(reason)", &actions)
    }

    private mutating func forget(_ id: String) {
        held.remove(id)
        retried.remove(id)
        if containers.removeValue(forKey: id)?.entry != nil { isDirty = true }
    }

    /// Emits a container's problem once, until it has another one or none.
    mutating func report(_ id: String, _ text: String, _ actions: inout [Action]) {
        // Labels may be long, and each container's problem is kept.
        let problem = String(text.unicodeScalars.prefix(Limit.problem))
        // IDs also come from events: made-up ones must not fill the memory.
        guard containers[id] != nil || containers.count < maxContainers,
            containers[id, default: Container()].problem != problem
        else { return }
        containers[id, default: Container()].problem = problem
        actions.append(.emit(.problem(problem)))
    }

    private mutating func changed(_ id: String, _ change: Change, _ now: Duration) {
        if change == .gone, var container = containers[id] {
            if container.entry != nil {
                // No more than count.
                container.ends = container.ends.suffix(15) + [now]
                isDirty = true
            }
            held.remove(id)
            container.entry = nil
            container.heldUntil = nil
            containers[id] = container
        }
        // A running inspection may have seen the earlier state.
        if let running = inspections.first(where: { $0.value.id == id })?.key {
            inspections[running]?.isStale = true
        } else {
            enqueue(id)
        }
    }

    private mutating func enqueue(_ id: String) {
        guard queue.count < maxContainers * 2, queued.insert(id).inserted else { return }
        queue.append(id)
    }

    // MARK: Names

    private mutating func publish(_ now: Duration, _ actions: inout [Action]) {
        if !isComplete {
            guard hasListed, queue.isEmpty, inspections.isEmpty else { return }
            isComplete = true
            backoff.reset()
        }
        let released = held.filter { id in containers[id]?.heldUntil.map { $0 <= now } ?? true }
        for id in released {
            held.remove(id)
            containers[id]?.heldUntil = nil
            isDirty = true
        }
        if let end = claims.nextDeadline, end <= now { isDirty = true }
        guard isDirty || isDown || emitted == nil else { return }
        isDirty = false
        let entries = containers.keys.sorted().filter { !held.contains($0) }
            .compactMap { containers[$0]?.entry }
        let (names, reports) = claims.names(entries, now: now)
        for report in reports { actions.append(.emit(.warning(report))) }
        guard let old = emitted else {
            emitted = names
            isDown = false
            return actions.append(.emit(.snapshot(names)))
        }
        let set = names.filter { old[$0.key] != $0.value }
        let removed = old.keys.filter { names[$0] == nil }.sorted()
        guard isDown || !set.isEmpty || !removed.isEmpty else { return }
        isDown = false
        emitted = names
        actions.append(.emit(.update(set: set, removed: removed)))
    }
}
