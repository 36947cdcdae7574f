package import EtcdClient
package import Names
package import RegistryClient

/// Follows one prefix of etcd: lists it in pages at one revision, watches from the next revision on, and resumes
/// there after any failure; it lists again only where the revisions in between have been compacted.
///
/// Pure: events in, actions out.
package struct EtcdWatchMachine: RegistryMachine, ~Copyable {
    package typealias Action = MachineAction<Request, NameSourceUpdate>

    package struct Settings: Sendable {
        /// The number of members, at least one; they are tried in turn.
        package var members = 1
        /// Whether each request needs a token.
        package var authenticates = false
        /// The maximum number of entries of one page.
        package var pageLimit = 1000
        /// The time limit of a response that is not a stream.
        package var responseLimit = Duration.seconds(10)
        /// How long the watch may be silent before the machine probes the member: whether it still has a quorum,
        /// and whether the watch has missed anything.
        package var silence = Duration.seconds(3)
        /// The time limit of a probe.
        package var probeLimit = Duration.seconds(2)
        /// How long a name that etcd has lost in an outage stays in force: a tier retries its registration after
        /// at most 3 s, and gets a response within 2 s.
        package var grace = Duration.seconds(6)
        /// The maximum number of endpoints of all names together.
        package var maxEndpoints = 250_000
        /// The minimum time between two lists that shall bring what was refused before.
        package var relist = Duration.seconds(60)

        package init() {}
    }

    package enum Request: Sendable {
        case authenticate
        case list(EtcdPageRequest)
        case watch(from: Int64)
        /// Reads the store's revision through the quorum.
        case probe
    }

    package enum Event: RegistryMachineEvent {
        case started
        case timer
        /// The client holds a new token.
        case authenticated(RequestToken)
        case page(RequestToken, EtcdPage)
        case frame(RequestToken, EtcdFrame)
        case probed(RequestToken, cluster: String, revision: Int64)
        case failed(RequestToken, EtcdFailure)
        case stopped
    }

    enum Phase {
        case idle
        case authenticating(RequestToken, until: Duration)
        case listing(RequestToken, EtcdPageRequest, until: Duration)
        /// - opened: whether it has received a message.
        case watching(RequestToken, until: Duration, opened: Bool)
        case waiting(until: Duration)
        case stopped
    }

    let settings: Settings
    let keys: EtcdKeys
    var phase = Phase.idle
    var probe: (token: RequestToken, until: Duration)?
    var member: Int
    var tokens = RequestTokens()
    var hasToken = false
    /// No request has succeeded with the token yet: if it is refused now, its age is not the reason.
    var tokenIsFresh = false
    /// The pages of a running list.
    var listing: EtcdListing
    var backoff = Backoff()
    /// Members that failed since the last success.
    var failedMembers = 0
    var isDown = false
    var armed: Duration?
    /// Entries of the next page.
    var limit: Int
    /// The store that `revision` belongs to; nil before the first list.
    var cluster: String?
    /// All changes up to this revision have been emitted.
    var revision: Int64 = 0
    /// The newest revision in any message of the running watch.
    var newestRevision: Int64 = 0
    /// Names that etcd has lost, and that stay in force until `graceEnds`.
    var absent: Set<String> = []
    /// The end of the grace period after an outage; nil: there is none, or the source is down.
    var graceEnds: Duration?

    /// The names that were emitted last.
    var inForce: BoundedNames
    package var names: [String: [NamedAddress]] { inForce.names }
    /// There were more endpoints than the maximum: entries were refused.
    var isOverfull = false
    /// When the prefix is listed again, because there is room for what was refused.
    var relistAt: Duration?
    var lastList = Duration.zero
    package var isLive = false
    /// `names` are those of an earlier process and have not been emitted.
    var hasKeptNames: Bool

    /// - Parameters:
    ///   - kept: the last names of an earlier process; nil: none. They are emitted when etcd is unreachable at the
    ///     start; an entry whose value is not valid keeps its addresses in them.
    ///   - firstMember: spreads many tiers over the members.
    package init(
        keys: EtcdKeys,
        settings: Settings,
        kept: [String: [NamedAddress]]? = nil,
        firstMember: Int = 0
    ) {
        self.keys = keys
        self.settings = settings
        self.inForce = BoundedNames(kept ?? [:], maximum: settings.maxEndpoints)
        self.listing = EtcdListing(inForce: inForce)
        self.hasKeptNames = kept != nil
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
        case .authenticated(let token):
            guard case .authenticating(token, _) = phase else { return [] }
            (hasToken, tokenIsFresh) = (true, true)
            proceed(now, &actions)
        case .page(let token, let page):
            guard case .listing(token, let request, _) = phase else { return [] }
            receive(page, request, now, &actions)
        case .frame(let token, let frame):
            guard case .watching(token, _, _) = phase else { return [] }
            receive(frame, token, now, random, &actions)
        case .probed(let token, let cluster, let revision):
            guard let probe, probe.token == token else { return [] }
            self.probe = nil
            evaluateProbe(cluster, revision, now, &actions)
        case .failed(let token, let failure):
            fail(token, failure, now, random, &actions)
        }
        arm(&actions)
        return actions
    }

    // MARK: Next step

    /// The next step towards a running watch.
    mutating func proceed(_ now: Duration, _ actions: inout [Action]) {
        if settings.authenticates, !hasToken {
            let token = nextToken()
            phase = .authenticating(token, until: now + settings.responseLimit)
            actions.append(.send(token, .authenticate))
        } else if cluster == nil {
            listing = EtcdListing(inForce: inForce)
            list(EtcdPageRequest(limit: limit), now, &actions)
        } else {
            let token = nextToken()
            newestRevision = revision
            phase = .watching(token, until: now + settings.silence, opened: false)
            actions.append(.send(token, .watch(from: revision + 1)))
        }
    }

    mutating func list(_ request: EtcdPageRequest, _ now: Duration, _ actions: inout [Action]) {
        let token = nextToken()
        phase = .listing(token, request, until: now + settings.responseLimit)
        actions.append(.send(token, .list(request)))
    }

    mutating func nextToken() -> RequestToken { tokens.next(member: member) }

    // MARK: The list

    mutating func receive(
        _ page: EtcdPage,
        _ request: EtcdPageRequest,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        tokenIsFresh = false
        for entry in page.entries {
            switch decode(entry) {
            case .success((let name, let addresses)): listing.add(name, addresses)
            case .failure(let problem):
                if listing.addMalformed(problem.name) { actions.append(.emit(.problem(problem.text))) }
            }
        }
        let at = request.revision ?? page.revision
        if page.more, !listing.isFull, let last = page.entries.last {
            limit = min(settings.pageLimit, limit * 2)
            return list(EtcdPageRequest(from: last.key + [0], revision: at, limit: limit), now, &actions)
        }
        if isDown { beginGrace(now) }
        takeList(now, &actions)
        cluster = page.cluster
        revision = at
        actions.append(.emit(.snapshot(names)))
        succeeded()
        isLive = true
        hasKeptNames = false
        proceed(now, &actions)
    }

    private mutating func takeList(_ now: Duration, _ actions: inout [Action]) {
        let unreported = listing.problems - EtcdListing.maxProblems
        if unreported > 0 { actions.append(.emit(.warning("\(unreported) more entries are malformed"))) }
        let wasOverfull = isOverfull
        isOverfull = listing.refused > 0
        if isOverfull, !wasOverfull { reportExcess(&actions) }
        lastList = now
        relistAt = nil
        inForce = withAbsent(listing.names, now)
        listing = EtcdListing(inForce: BoundedNames(maximum: settings.maxEndpoints))
    }

    mutating func reportExcess(_ actions: inout [Action]) {
        let text =
            "more endpoints below \(keys.prefix) than max_endpoints (\(settings.maxEndpoints)): further names are not served"
        actions.append(.emit(.warning(text)))
    }

    struct BadEntry: Error {
        let name: String?
        let text: String
    }

    func decode(_ entry: EtcdEntry) -> Result<(String, [NamedAddress]), BadEntry> {
        let name: String
        do throws(InvalidEntry) {
            name = try keys.name(entry.key)
        } catch {
            return .failure(BadEntry(name: nil, text: "\(entry.printableKey): \(error)"))
        }
        switch entry.value {
        case .success(let value): return .success((name, value.addresses))
        case .failure(let problem):
            return .failure(BadEntry(name: name, text: "\(entry.printableKey): \(problem)"))
        }
    }

    // MARK: The watch

    mutating func receive(
        _ frame: EtcdFrame,
        _ token: RequestToken,
        _ now: Duration,
        _ random: UInt64,
        _ actions: inout [Action]
    ) {
        phase = .watching(token, until: now + settings.silence, opened: true)
        newestRevision = max(newestRevision, frame.revision)
        if frame.compacted {
            return fail(token, .compacted, now, random, &actions)
        }
        if let reason = frame.canceled {
            return fail(token, .refused(reason), now, random, &actions)
        }
        guard frame.cluster == cluster else { return storeReplaced(now, &actions) }
        let wasDown = isDown || !isLive
        if isDown { beginGrace(now) }
        succeeded()
        isLive = true
        apply(frame.events, always: wasDown, now, &actions)
        // A revision in fragments counts with its last fragment; a message without events and without `created`
        // reports that the watch has missed nothing up to its revision.
        if !frame.fragment, !frame.created {
            revision = max(revision, frame.events.isEmpty ? frame.revision : frame.lastChange)
        }
    }

    mutating func apply(
        _ events: [EtcdEntry],
        always: Bool,
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
                inForce.remove(name)
                set[name] = nil
                removed.insert(name)
                continue
            }
            switch decode(entry) {
            case .success((let name, let addresses)):
                absent.remove(name)
                let last = inForce[name]
                guard inForce.set(name, addresses) else {
                    if !isOverfull { reportExcess(&actions) }
                    isOverfull = true
                    continue
                }
                guard last != addresses || removed.contains(name) else { continue }
                set[name] = addresses
                removed.remove(name)
            case .failure(let problem):
                if let name = problem.name { absent.remove(name) }
                actions.append(.emit(.problem(problem.text)))
            }
        }
        if isOverfull, inForce.hasRoom, relistAt == nil { relistAt = max(now, lastList + settings.relist) }
        guard always || !set.isEmpty || !removed.isEmpty else { return }
        actions.append(.emit(.update(set: set, removed: removed.sorted())))
    }

    // MARK: Liveness of the watch

    mutating func evaluateProbe(
        _ cluster: String,
        _ revision: Int64,
        _ now: Duration,
        _ actions: inout [Action]
    ) {
        guard case .watching(let token, _, let opened) = phase else { return }
        // Another store under the same URL, or the same one restored to an earlier state: list again.
        guard cluster == self.cluster, revision >= self.revision else { return storeReplaced(now, &actions) }
        phase = .watching(token, until: now + settings.silence, opened: opened)
        guard revision > newestRevision else { return }
        // A change that this watch has not reported: elsewhere in the store, or the stream is dead. A new watch from
        // the same revision settles both cases, and misses nothing.
        actions.append(.cancel(token))
        proceed(now, &actions)
        newestRevision = max(newestRevision, revision)
    }

    mutating func storeReplaced(_ now: Duration, _ actions: inout [Action]) {
        cancelAll(&actions)
        cluster = nil
        revision = 0
        proceed(now, &actions)
    }
}
