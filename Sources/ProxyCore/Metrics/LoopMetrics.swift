import HTTP1
package import Metrics
package import NIOCore
import Routing
package import Settings

/// What one event loop counts of its requests. On that loop alone: no lock, and nothing is allocated for a request once
/// its rule and its name have been seen.
package final class LoopMetrics {
    /// A decision with figures that were not added yet.
    private struct PendingDecision {
        let decision: CachedDecision
        let time: NIODeadline
        /// Nil: its host is not noted.
        var client: IPAddress?
        /// Of its first request, in `pendingTexts`.
        var method = 0..<0
        var target = 0..<0
    }

    private struct FailureKey: Hashable {
        let rule: Int
        let reason: Failure.Reason
    }

    /// The number of requests that no rule has decided.
    private static let noRule = 0

    /// By number.
    private var names = [RuleFigures.noRule]
    private var numbers: [String: Int] = [:]
    private var counts = [RequestCounts()]
    private var failures: [FailureKey: UInt64] = [:]
    /// Changes when numbers do: decisions keep theirs.
    private var generation: UInt32 = 1
    /// Requests for excluded paths.
    package private(set) var excludedRequests: UInt64 = 0
    /// Connections to endpoints that were made, and those that failed.
    package private(set) var connects = (made: UInt64(0), failed: UInt64(0))
    private var top: TopHosts
    private var ledger: LoopLedger?
    private var excluded: [[UInt8]]
    private let seed: UInt64
    private let rest: LedgerRest?
    private let recentHosts: RecentHosts?
    /// Decisions with figures that were not added yet: a host costs its places in lists and in the ledger once a tick,
    /// and not for each request.
    private var pending: [PendingDecision] = []
    /// Methods and targets of their first requests.
    private var pendingTexts: [UInt8] = []
    private static let maxPending = 1024

    /// - Parameters:
    ///   - seed: of hashes.
    ///   - rest: receives what the ledger has at the end.
    ///   - recentHosts: notes the hosts that are served, where requests are kept, too; nil: nobody looks at them.
    package init(
        _ settings: MetricsSettings,
        seed: UInt64,
        rest: LedgerRest? = nil,
        recentHosts: RecentHosts? = nil,
        now: NIODeadline
    ) {
        self.seed = seed
        self.rest = rest
        self.recentHosts = recentHosts
        pending.reserveCapacity(Self.maxPending)
        excluded = settings.excludedPaths.map { Array($0.utf8) }
        top = TopHosts(capacity: settings.topHosts, seed: seed, now: now.uptimeNanoseconds)
        ledger = settings.ledger.flatMap { LoopLedger($0, seed: seed) }
    }

    /// New settings. The ledger stays as it was at the start.
    package func install(_ settings: MetricsSettings, now: NIODeadline) {
        excluded = settings.excludedPaths.map { Array($0.utf8) }
        guard settings.topHosts != top.capacity else { return }
        addPending()
        top = TopHosts(capacity: settings.topHosts, seed: seed, now: now.uptimeNanoseconds)
    }

    /// About four times a second.
    package func tick(now: NIODeadline) {
        addPending()
        top.tick(now: now.uptimeNanoseconds)
    }

    // MARK: On the path of a request

    /// Whether a request is for a path that is not counted.
    func excludes(_ head: borrowing RequestHead, _ source: ByteBuffer) -> Bool {
        guard !excluded.isEmpty else { return false }
        let target = source.readableBytesUInt8Span.extracting(head.targetRange.indices)
        return excluded.contains { path in
            let path = path.span
            guard target.count >= path.count,
                target.count == path.count || target[path.count] == UInt8(ascii: "?")
            else { return false }
            for index in path.indices where target[index] != path[index] { return false }
            return true
        }
    }

    /// An exchange has ended.
    func record(_ facts: inout ExchangeFacts, _ end: ExchangeEnd) {
        guard !facts.isExcluded else { return recordExcluded(facts, end) }
        let status = facts.status
        let reason = facts.failure?.reason
        // A tunnel may go on for days: the time until it began says more.
        let ended = status == 101 ? facts.responded ?? end.now : end.now
        let rule = number(of: facts.route.decision)
        let figures = LedgerCounts.Figures(requests: 1, bytesIn: end.bytesIn, bytesOut: facts.bytesOut)
        counts[rule].record(
            status: status,
            failed: reason != nil,
            nanoseconds: ended.nanoseconds(since: facts.start),
            bytesIn: figures.bytesIn,
            bytesOut: figures.bytesOut
        )
        if let reason { failures[FailureKey(rule: rule, reason: reason), default: 0] &+= 1 }
        if let upstream = facts.upstream {
            var waited: UInt64 = 0
            if let connected = facts.connected, let responded = facts.responded {
                waited = responded.nanoseconds(since: connected)
            }
            upstream.counts.record(status: status, nanoseconds: waited)
        }
        let errors: UInt64 = status >= 500 || status == 0 ? 1 : 0
        guard let decision = facts.route.decision, decision.isOfOneHost else {
            return recordHost(facts, end, figures, errors: errors)
        }
        if decision.counted.figures.requests == 0 { begin(decision, facts, end) }
        decision.counted.figures.add(figures)
        decision.counted.errors &+= errors
    }

    // MARK: By host

    /// The first request of a decision since the last tick: those that follow only add to its figures.
    @inline(never)
    private func begin(_ decision: CachedDecision, _ facts: borrowing ExchangeFacts, _ end: ExchangeEnd) {
        if pending.count == Self.maxPending { addPending() }
        var item = PendingDecision(decision: decision, time: end.now)
        if recentHosts != nil, decision.decision.rule != nil {
            item.client = facts.route.client
            let fields = facts.logFields.bytes.readableBytesUInt8Span
            item.method = keep(fields.extracting(facts.logFields.method), RecentHosts.methodRoom)
            item.target = keep(fields.extracting(facts.logFields.target), RecentHosts.targetRoom)
        }
        pending.append(item)
    }

    /// Keeps the beginning of a text until the next tick.
    private func keep(_ text: Span<UInt8>, _ room: Int) -> Range<Int> {
        let start = pendingTexts.count
        for index in 0..<min(text.count, room) { pendingTexts.append(text[index]) }
        return start..<pendingTexts.count
    }

    /// Counts what the decisions' requests add up to.
    private func addPending() {
        var texts: [UInt8] = []
        swap(&texts, &pendingTexts)
        for item in pending {
            let decision = item.decision
            let (figures, errors) = (decision.counted.figures, decision.counted.errors)
            (decision.counted.figures, decision.counted.errors) = (LedgerCounts.Figures(), 0)
            let host = decision.host
            if decision.counted.hostHash == 0 { decision.counted.hostHash = top.hash(of: host.span) ?? 0 }
            add(host.span, decision.counted.hostHash, figures, errors)
            ledger?.add(figures, of: decision)
            guard let client = item.client else { continue }
            recentHosts?.note(
                host.span,
                method: texts.span.extracting(item.method),
                target: texts.span.extracting(item.target),
                client: client,
                requests: figures.requests,
                now: item.time
            )
        }
        pending.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
        swap(&texts, &pendingTexts)
    }

    private func add(_ host: Span<UInt8>, _ hash: UInt64, _ figures: LedgerCounts.Figures, _ errors: UInt64) {
        // It has no host.
        guard hash != 0 else { return }
        let bytes = figures.bytesIn &+ figures.bytesOut
        top.add(host, hash: hash, TopFigures(requests: figures.requests, bytes: bytes, errors: errors))
    }

    /// A request whose decision is for it alone.
    @inline(never)
    private func recordHost(
        _ facts: borrowing ExchangeFacts,
        _ end: ExchangeEnd,
        _ figures: LedgerCounts.Figures,
        errors: UInt64
    ) {
        let host = facts.logFields.bytes.readableBytesUInt8Span.extracting(facts.logFields.host)
        add(host, top.hash(of: host) ?? 0, figures, errors)
        note(host, facts, end)
        ledger?.add(figures, of: facts.route.decision)
    }

    @inline(never)
    private func recordExcluded(_ facts: borrowing ExchangeFacts, _ end: ExchangeEnd) {
        excludedRequests &+= 1
        facts.withHost { note($0, facts, end) }
    }

    /// A host without a rule has no route that could change.
    private func note(_ host: Span<UInt8>, _ facts: borrowing ExchangeFacts, _ end: ExchangeEnd) {
        guard let recentHosts, facts.route.decision?.decision.rule != nil, let client = facts.route.client
        else {
            return
        }
        let fields = facts.logFields.bytes.readableBytesUInt8Span
        recentHosts.note(
            host,
            method: fields.extracting(facts.logFields.method),
            target: fields.extracting(facts.logFields.target),
            client: client,
            now: end.now
        )
    }

    // MARK: Endpoints and rules

    func connected() { connects.made &+= 1 }

    func connectFailed(to upstream: Upstream) {
        connects.failed &+= 1
        upstream.counts.recordFailure()
    }

    private func number(of decision: CachedDecision?) -> Int {
        guard let decision else { return Self.noRule }
        if decision.counted.generation == generation { return decision.counted.rule }
        let number = decision.decision.rule.map { self.number(of: $0.name) } ?? Self.noRule
        (decision.counted.generation, decision.counted.rule) = (generation, number)
        return number
    }

    private func number(of rule: String) -> Int {
        if let number = numbers[rule] { return number }
        let number = names.count
        names.append(rule)
        counts.append(RequestCounts())
        numbers[rule] = number
        return number
    }

    // MARK: What others read

    /// A copy: the loop goes on with its own.
    package var rules: [RuleFigures] {
        var found: [Int: [(reason: Failure.Reason, count: UInt64)]] = [:]
        for (key, count) in failures { found[key.rule, default: []].append((key.reason, count)) }
        return names.indices.map { number in
            RuleFigures(name: names[number], counts: counts[number], failures: found[number] ?? [])
        }
    }

    package func topHosts(by order: TopHosts.Order, now: NIODeadline)
        -> (entries: [TopList.Entry], window: UInt64)
    {
        addPending()
        return top.entries(by: order, now: now.uptimeNanoseconds)
    }

    /// What the ledger has counted since the last call is its reader's from now on. Also where the loop ends.
    package func handLedgerOver() {
        addPending()
        if let counts = ledger?.take(), !counts.isEmpty { rest?.add(counts) }
    }

    /// The hosts of the last minutes.
    package func hosts(now: NIODeadline) -> [RecentHost] {
        addPending()
        return recentHosts?.snapshot(now: now) ?? []
    }

    /// Forgets rules that are no longer in force.
    package func forget(_ rules: [String]) {
        let gone = Set(rules)
        let kept = names.indices.filter { $0 == Self.noRule || !gone.contains(names[$0]) }
        guard kept.count < names.count else { return }
        var moved: [Int: Int] = [:]
        for (new, old) in kept.enumerated() { moved[old] = new }
        var keptFailures: [FailureKey: UInt64] = [:]
        for (key, count) in failures {
            guard let number = moved[key.rule] else { continue }
            keptFailures[FailureKey(rule: number, reason: key.reason)] = count
        }
        failures = keptFailures
        counts = kept.map { counts[$0] }
        names = kept.map { names[$0] }
        numbers = [:]
        for number in names.indices where number != Self.noRule { numbers[names[number]] = number }
        generation &+= 1
    }
}

/// What one event loop has counted of a rule.
package struct RuleFigures: Sendable {
    /// In place of a name: no rule has decided.
    package static let noRule = "-"

    package let name: String
    package let counts: RequestCounts
    /// Each reason once.
    package let failures: [(reason: Failure.Reason, count: UInt64)]
}

extension NIODeadline {
    /// 0 where it is earlier.
    fileprivate func nanoseconds(since start: NIODeadline) -> UInt64 {
        UInt64(max(0, (self - start).nanoseconds))
    }
}
