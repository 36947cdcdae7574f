package import Names

/// Follows a container engine: its events, and beside them a list of who runs, each looked at once and again
/// after each event of its own.
///
/// Pure: events in, actions out; `now` is the time since any fixed moment, `random` any 64 bits. News of an
/// exchange that is over are ignored.
package struct ContainersMachine: ~Copyable, Sendable {
    package enum Limit {
        /// Containers that are followed.
        package static let containers = 10_000
        /// Containers that are looked at at one time.
        package static let looks = 8
        /// The bound of one answer.
        package static let answer = Duration.seconds(5)
        /// How often the list is asked for again: what an event did not tell is known after this.
        package static let relist = Duration.seconds(30)
        /// Restarts within `restartWindow` that are served at once; each further one has to stay up first:
        /// 1 s, 2 s, 4 s, up to `longestHold`.
        package static let restarts = 2
        package static let restartWindow = Duration.seconds(30)
        package static let longestHold = Duration.seconds(10)
    }

    package typealias Exchange = EtcdWatchMachine.Exchange

    package enum Change: Sendable, Equatable {
        /// It is not reachable from now on: died, stopped, paused, removed.
        case gone
        /// Something about it is different: look.
        case changed
    }

    package enum Event: Sendable {
        case started
        case timer
        case listed(Exchange, [String])
        case looked(Exchange, ContainerFacts)
        /// There is no such container.
        case missing(Exchange)
        /// An answer about it that says nothing; other containers are not concerned.
        case unreadable(Exchange, String)
        case happened(Exchange, id: String, Change)
        case failed(Exchange, String)
        case stopped
    }

    package enum Action: Sendable {
        case follow(Exchange)
        case list(Exchange)
        case look(Exchange, id: String)
        case cancel(Exchange)
        case wake(at: Duration)
        case tell(NameSourceUpdate)
    }

    struct Container {
        var entry: ContainerNames.Entry?
        /// Moments at which it went away, within the window.
        var ends: [Duration] = []
        var heldUntil: Duration?
        /// What was last said of why it is not served.
        var complaint: String?
    }

    let rules: ContainerNames
    var stream: Exchange?
    var listing: (exchange: Exchange, until: Duration)?
    var looks: [Exchange: (id: String, until: Duration, again: Bool)] = [:]
    /// To be looked at, in order, each once.
    var queue: [String] = []
    var queued: Set<String> = []
    /// Looked at once in vain.
    var retried: Set<String> = []
    /// When the engine last answered anything.
    var lastAnswer = Duration.zero
    var containers: [String: Container] = [:]
    var nextList: Duration?
    var retryAt: Duration?
    /// The list of this connection has come, and everybody in it was looked at.
    var isComplete = false
    var hasListed = false
    var told: [String: [NamedAddress]]?
    /// What was told may no longer be what is known.
    var isDirty = true
    /// Those that have to stay up for a while first.
    var held: Set<String> = []
    var isDown = false
    var lastExchange: UInt64 = 0
    var backoff = Backoff()
    var hasStopped = false
    var armed: Duration?

    package init(rules: ContainerNames) { self.rules = rules }

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
        case .listed(let exchange, let ids):
            guard listing?.exchange == exchange else { return [] }
            listing = nil
            lastAnswer = now
            hasListed = true
            nextList = now + Limit.relist
            take(ids, now, &actions)
        case .looked(let exchange, let facts):
            guard let look = looks.removeValue(forKey: exchange) else { return [] }
            lastAnswer = now
            retried.remove(look.id)
            // What was looked at before something happened is not the last word.
            if look.again { enqueue(look.id) } else { take(facts, look.id, now, &actions) }
        case .missing(let exchange):
            guard let look = looks.removeValue(forKey: exchange) else { return [] }
            lastAnswer = now
            forget(look.id)
        case .unreadable(let exchange, let reason):
            guard let look = looks.removeValue(forKey: exchange) else { return [] }
            lastAnswer = now
            complain(look.id, "\(look.id.prefix(12)): \(reason)", &actions)
        case .happened(let exchange, let id, let change):
            guard exchange == stream else { return [] }
            happen(id, change, now)
        case .failed(let exchange, let reason):
            if let look = looks.removeValue(forKey: exchange) {
                failed(look.id, reason, &actions)
            } else {
                guard exchange == stream || exchange == listing?.exchange else { return [] }
                fail(reason, now, random, &actions)
            }
        }
        ask(now, &actions)
        publish(now, &actions)
        arm(&actions)
        return actions
    }

    // MARK: What is known

    private mutating func take(_ ids: [String], _ now: Duration, _ actions: inout [Action]) {
        let listed = Set(ids.prefix(Limit.containers))
        if ids.count > Limit.containers {
            actions.append(.tell(.problem("\(ids.count) containers; only \(Limit.containers) are followed")))
        }
        for id in Array(containers.keys) where !listed.contains(id) {
            // One that ended keeps its history until it is removed; what it said does not count.
            if containers[id]?.entry != nil {
                containers[id]?.entry = nil
                isDirty = true
            }
            if containers[id]?.ends.contains(where: { now - $0 < Limit.restartWindow }) != true {
                forget(id)
            }
        }
        for id in ids.prefix(Limit.containers) { enqueue(id) }
    }

    private mutating func take(
        _ facts: ContainerFacts,
        _ id: String,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        if containers[id] == nil, containers.count >= Limit.containers { return }
        var container = containers[id] ?? Container()
        let before = container.entry
        defer { if containers[id]?.entry != before { isDirty = true } }
        do throws(ContainerNames.Unserved) {
            container.entry = try rules.entry(facts)
            container.complaint = nil
            container.ends.removeAll { now - $0 >= Limit.restartWindow }
            let extra = container.ends.count - Limit.restarts
            if extra > 0, container.heldUntil == nil, let last = container.ends.last {
                container.heldUntil = last + min(Limit.longestHold, .seconds(1 << min(extra - 1, 10)))
                held.insert(id)
            }
            containers[id] = container
        } catch {
            container.entry = nil
            containers[id] = container
            if error.isProblem { complain(id, "container \(facts.name): \(error.reason)", &actions) }
        }
    }

    /// A look whose connection broke is made once more. An engine that dies breaks the events too, and they
    /// tell; one that breaks off at one container must not be lost for that.
    private mutating func failed(_ id: String, _ reason: String, _ actions: inout [Action]) {
        if retried.insert(id).inserted { return enqueue(id) }
        retried.remove(id)
        complain(id, "\(id.prefix(12)): \(reason)", &actions)
    }

    private mutating func forget(_ id: String) {
        held.remove(id)
        retried.remove(id)
        if containers.removeValue(forKey: id)?.entry != nil { isDirty = true }
    }

    /// Says it once, until it is well or something else.
    mutating func complain(_ id: String, _ text: String, _ actions: inout [Action]) {
        // Ids come out of events, too: whoever makes them up must not fill the memory.
        guard containers[id] != nil || containers.count < Limit.containers,
            containers[id, default: Container()].complaint != text
        else { return }
        containers[id, default: Container()].complaint = text
        actions.append(.tell(.problem(text)))
    }

    private mutating func happen(_ id: String, _ change: Change, _ now: Duration) {
        if change == .gone, var container = containers[id] {
            if container.entry != nil {
                // At most as many as count.
                container.ends = container.ends.suffix(15) + [now]
                isDirty = true
            }
            held.remove(id)
            container.entry = nil
            container.heldUntil = nil
            containers[id] = container
        }
        // A look that is under way may have seen what was before.
        if let running = looks.first(where: { $0.value.id == id })?.key {
            looks[running]?.again = true
        } else {
            enqueue(id)
        }
    }

    private mutating func enqueue(_ id: String) {
        guard queue.count < Limit.containers * 2, queued.insert(id).inserted else { return }
        queue.append(id)
    }

    // MARK: News

    private mutating func publish(_ now: Duration, _ actions: inout [Action]) {
        if !isComplete {
            guard hasListed, queue.isEmpty, looks.isEmpty else { return }
            isComplete = true
            backoff.succeeded()
        }
        let isOver = held.filter { id in containers[id]?.heldUntil.map { $0 <= now } ?? true }
        for id in isOver {
            held.remove(id)
            containers[id]?.heldUntil = nil
            isDirty = true
        }
        guard isDirty || isDown || told == nil else { return }
        isDirty = false
        var names: [String: [NamedAddress]] = [:]
        for id in containers.keys.sorted() {
            guard let entry = containers[id]?.entry, !held.contains(id) else { continue }
            for name in entry.names { names[name, default: []].append(entry.address) }
        }
        guard let old = told else {
            told = names
            isDown = false
            return actions.append(.tell(.snapshot(names)))
        }
        let set = names.filter { old[$0.key] != $0.value }
        let removed = old.keys.filter { names[$0] == nil }.sorted()
        guard isDown || !set.isEmpty || !removed.isEmpty else { return }
        isDown = false
        told = names
        actions.append(.tell(.update(set: set, removed: removed)))
    }
}
