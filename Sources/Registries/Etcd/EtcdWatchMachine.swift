package import Names

/// Follows one prefix of etcd: list it in pages at one revision, watch from the next one on, and after any
/// failure resume exactly there; a fresh list only where the revisions in between are gone.
///
/// Pure: events in, actions out. `now` is the time since any fixed moment, `random` any 64 bits.
/// An event of an exchange that is over is ignored, so the order in which cancellations and answers meet
/// does not matter.
package struct EtcdWatchMachine: ~Copyable, Sendable {
    package struct Settings: Sendable {
        /// Members to ask in turn; at least one.
        package var members = 1
        /// Whether each exchange needs a token.
        package var authenticates = false
        /// Entries of one page of a list.
        package var pageLimit = 1000
        /// The bound of one answer that is not a stream.
        package var answerLimit = Duration.seconds(10)
        /// How long the watch may be silent before the member is asked whether it still has a quorum,
        /// and whether anything was missed.
        package var silence = Duration.seconds(3)
        /// The bound of that question.
        package var probeLimit = Duration.seconds(2)
        /// How long a name that etcd has lost stays in force after an outage: a registration is tried every 3 s
        /// at the latest, and answered within 2.
        package var grace = Duration.seconds(6)

        package init() {}
    }

    /// One exchange with a member.
    package struct Exchange: Sendable, Hashable {
        package let id: UInt64
        /// 0 ..< members.
        package let member: Int
    }

    package enum Event: Sendable {
        case started
        /// The moment of the last `wake` has come.
        case timer
        /// The exchange's token was accepted and is kept by who asked.
        case authenticated(Exchange)
        case page(Exchange, EtcdPage)
        case frame(Exchange, EtcdFrame)
        case probed(Exchange, cluster: String, revision: Int64)
        case failed(Exchange, EtcdFailure)
        case stopped
    }

    package enum Action: Sendable {
        case authenticate(Exchange)
        case list(Exchange, PageRequest)
        case watch(Exchange, from: Int64)
        /// Reads one key through the quorum: the answer's header tells the store's revision.
        case probe(Exchange)
        case cancel(Exchange)
        /// Asks for `timer` at this moment; takes the place of an earlier request.
        case wake(at: Duration)
        case tell(NameSourceUpdate)
    }

    package struct PageRequest: Sendable, Equatable {
        /// The first key that may be in it; nil: the prefix's first.
        package var from: [UInt8]?
        /// Nil: the newest.
        package var revision: Int64?
        package var limit: Int
        /// The entry's value would be too large.
        package var keysOnly = false
    }

    enum Phase {
        case idle
        case authenticating(Exchange, until: Duration)
        case listing(Exchange, PageRequest, until: Duration)
        /// - opened: whether anything was heard on it.
        case watching(Exchange, until: Duration, opened: Bool)
        case waiting(until: Duration)
        case stopped
    }

    let settings: Settings
    let keys: EtcdKeys
    var phase = Phase.idle
    var probe: (exchange: Exchange, until: Duration)?
    var member: Int
    var lastExchange: UInt64 = 0
    var hasToken = false
    /// The token has done nothing yet: refused now, it is not its age.
    var tokenIsFresh = false
    /// What the pages of a running list have brought.
    var collected: [String: [NamedAddress]] = [:]
    var backoff = Backoff()
    /// Members that failed since one last did well.
    var failedMembers = 0
    var saidDown = false
    var armed: Duration?
    var limit: Int
    /// The store that `revision` counts; nil before the first list.
    var cluster: String?
    /// Everything up to here was told.
    var revision: Int64 = 0
    /// The newest revision that any answer of the running watch has named.
    var heard: Int64 = 0
    /// Names that etcd does not have any more, and that stay in force until `forgetAt`.
    var absent: Set<String> = []
    /// The end of the time after an outage; nil: none, or the source is down.
    var forgetAt: Duration?

    /// What was told last.
    package var names: [String: [NamedAddress]]
    package var isLive = false

    /// - Parameters:
    ///   - names: the last snapshot of an earlier life; a bad value keeps what stands here.
    ///   - firstMember: spreads many tiers over the members.
    package init(
        keys: EtcdKeys,
        settings: Settings,
        names: [String: [NamedAddress]] = [:],
        firstMember: Int = 0
    ) {
        self.keys = keys
        self.settings = settings
        self.names = names
        self.limit = settings.pageLimit
        self.member = max(0, firstMember) % max(1, settings.members)
    }

    package mutating func handle(_ event: Event, now: Duration, random: UInt64) -> [Action] {
        if case .stopped = phase { return [] }
        var actions: [Action] = []
        switch event {
        case .started:
            guard case .idle = phase else { return [] }
            proceed(now, &actions)
        case .stopped:
            cancelAll(&actions)
            phase = .stopped
            return actions
        case .timer:
            armed = nil
            expire(now, random, &actions)
        case .authenticated(let exchange):
            guard case .authenticating(exchange, _) = phase else { return [] }
            (hasToken, tokenIsFresh) = (true, true)
            proceed(now, &actions)
        case .page(let exchange, let page):
            guard case .listing(exchange, let request, _) = phase else { return [] }
            take(page, request, now, &actions)
        case .frame(let exchange, let frame):
            guard case .watching(exchange, _, _) = phase else { return [] }
            take(frame, exchange, now, random, &actions)
        case .probed(let exchange, let cluster, let revision):
            guard let probe, probe.exchange == exchange else { return [] }
            self.probe = nil
            judge(cluster, revision, now, &actions)
        case .failed(let exchange, let failure):
            fail(exchange, failure, now, random, &actions)
        }
        arm(&actions)
        return actions
    }

    // MARK: What comes next

    /// The next step towards a running watch.
    mutating func proceed(_ now: Duration, _ actions: inout [Action]) {
        if settings.authenticates, !hasToken {
            let exchange = nextExchange()
            phase = .authenticating(exchange, until: now + settings.answerLimit)
            actions.append(.authenticate(exchange))
        } else if cluster == nil {
            collected = [:]
            list(PageRequest(limit: limit), now, &actions)
        } else {
            let exchange = nextExchange()
            heard = revision
            phase = .watching(exchange, until: now + settings.silence, opened: false)
            actions.append(.watch(exchange, from: revision + 1))
        }
    }

    mutating func list(_ request: PageRequest, _ now: Duration, _ actions: inout [Action]) {
        let exchange = nextExchange()
        phase = .listing(exchange, request, until: now + settings.answerLimit)
        actions.append(.list(exchange, request))
    }

    mutating func nextExchange() -> Exchange {
        lastExchange &+= 1
        return Exchange(id: lastExchange, member: member)
    }

    // MARK: The list

    mutating func take(
        _ page: EtcdPage,
        _ request: PageRequest,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        tokenIsFresh = false
        for entry in page.entries {
            switch read(entry) {
            case .success((let name, let addresses)): collected[name] = addresses
            case .failure(let problem):
                actions.append(.tell(.problem(problem.text)))
                // What is bad now was good once: that stays.
                if let name = problem.name, let last = names[name] { collected[name] = last }
            }
        }
        let at = request.revision ?? page.revision
        if page.more, let last = page.entries.last {
            limit = min(settings.pageLimit, limit * 2)
            return list(PageRequest(from: last.key + [0], revision: at, limit: limit), now, &actions)
        }
        if saidDown { beginGrace(now) }
        names = withAbsent(collected, now)
        collected = [:]
        cluster = page.cluster
        revision = at
        actions.append(.tell(.snapshot(names)))
        didWell()
        isLive = true
        proceed(now, &actions)
    }

    struct BadEntry: Error {
        let name: String?
        let text: String
    }

    func read(_ entry: EtcdEntry) -> Result<(String, [NamedAddress]), BadEntry> {
        let name: String
        do throws(EntryValue.Problem) {
            name = try keys.name(entry.key)
        } catch {
            return .failure(BadEntry(name: nil, text: "\(entry.shownKey): \(error)"))
        }
        switch entry.value {
        case .success(let value): return .success((name, value.addresses))
        case .failure(let problem):
            return .failure(BadEntry(name: name, text: "\(entry.shownKey): \(problem)"))
        }
    }

    // MARK: The watch

    mutating func take(
        _ frame: EtcdFrame,
        _ exchange: Exchange,
        _ now: Duration,
        _ random: UInt64,
        _ actions: inout [Action]
    ) {
        phase = .watching(exchange, until: now + settings.silence, opened: true)
        heard = max(heard, frame.revision)
        if frame.compacted {
            return fail(exchange, .compacted, now, random, &actions)
        }
        if let reason = frame.canceled {
            return fail(exchange, .refused(reason), now, random, &actions)
        }
        guard frame.cluster == cluster else { return anotherStore(now, &actions) }
        let wasDown = saidDown || !isLive
        if saidDown { beginGrace(now) }
        didWell()
        isLive = true
        apply(frame.events, tellAlways: wasDown, now, &actions)
        // A revision in pieces counts when its last piece is there; a message without events and without
        // `created` says that nothing is missing up to its revision.
        if !frame.fragment, !frame.created {
            revision = max(revision, frame.events.isEmpty ? frame.revision : frame.lastChange)
        }
    }

    mutating func apply(
        _ events: [EtcdEntry],
        tellAlways: Bool,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        var set: [String: [NamedAddress]] = [:]
        var removed: Set<String> = []
        for entry in events {
            if entry.isDelete {
                guard let name = try? keys.name(entry.key), names[name] != nil else { continue }
                if isInGrace(now) {
                    absent.insert(name)
                    continue
                }
                names[name] = nil
                set[name] = nil
                removed.insert(name)
                continue
            }
            switch read(entry) {
            case .success((let name, let addresses)):
                absent.remove(name)
                guard names.updateValue(addresses, forKey: name) != addresses || removed.contains(name) else {
                    continue
                }
                set[name] = addresses
                removed.remove(name)
            case .failure(let problem):
                if let name = problem.name { absent.remove(name) }
                actions.append(.tell(.problem(problem.text)))
            }
        }
        guard tellAlways || !set.isEmpty || !removed.isEmpty else { return }
        actions.append(.tell(.update(set: set, removed: removed.sorted())))
    }

    // MARK: Is the watch alive?

    mutating func judge(
        _ cluster: String,
        _ revision: Int64,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        guard case .watching(let exchange, _, let opened) = phase else { return }
        // Another store under the same address, or the same one set back: nothing that was told counts.
        guard cluster == self.cluster, revision >= self.revision else { return anotherStore(now, &actions) }
        phase = .watching(exchange, until: now + settings.silence, opened: opened)
        guard revision > heard else { return }
        // Something changed that this watch never spoke of: elsewhere in the store, or the stream is dead.
        // A new one from the same revision tells both the same, and misses nothing.
        actions.append(.cancel(exchange))
        proceed(now, &actions)
        heard = max(heard, revision)
    }

    mutating func anotherStore(_ now: Duration, _ actions: inout [Action]) {
        cancelAll(&actions)
        cluster = nil
        revision = 0
        proceed(now, &actions)
    }
}
