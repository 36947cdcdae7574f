import FoundationEssentials
import Glibc
import Metrics
import Names
import NIOCore
import Proxy
import ProxyCore
import Routing
import Settings
import SystemSupport

/// The metrics of a tier: what its event loops have counted, and what else it knows of itself.
///
/// An actor: what is bounded is bounded in one place, however many read.
package actor TierMetrics {
    /// What stands for the rules, or the endpoints, that have no series of their own.
    static let other = "other"
    /// Certificates with a series, those that expire first.
    static let certificates = 100

    private struct CauseCount: Summable {
        var count: UInt64 = 0
        mutating func add(_ other: CauseCount) { count &+= other.count }
        mutating func subtract(_ other: CauseCount) { count &-= other.count }
    }

    private let inputs: MetricsInputs
    private let readings: LoopReadings
    private var rules = SeriesBound<String, RequestCounts>(limit: 0)
    /// Of rules without series of their own.
    private var otherCauses: [Failure.Reason: SeriesBound<String, CauseCount>] = [:]
    private var endpoints = SeriesBound<EndpointTotals.Place, EndpointCounts>(limit: 0)
    /// The names of the rules of a table.
    private var known: (table: RouteTable, names: Set<String>)?
    private var running: Task<[UInt8]?, Never>?
    private var window = TrafficWindow()

    init(_ inputs: MetricsInputs) {
        self.inputs = inputs
        readings = LoopReadings(inputs.tier)
    }

    // MARK: For operators

    /// Rates of the last seconds. The first call after some time takes a second.
    func traffic() async throws(ControlRefusal) -> TrafficReport {
        try await sample()
        if window.isSingle {
            try? await Task.sleep(for: TrafficWindow.shortest)
            try await sample()
        }
        return window.report()
    }

    private func sample() async throws(ControlRefusal) {
        guard window.isDue(now: .now()) else { return }
        let sample = await Unhurried.value { [readings] in
            await readings.figures().map { TrafficWindow.Sample($0, time: .now()) }
        }
        guard let sample else { throw Self.stalled }
        window.add(sample)
    }

    private static let stalled = ControlRefusal(503, "an event loop stands still: nothing can be read")

    /// The hosts with the most requests, bytes or errors of the last one to two minutes.
    func top(by order: TopHosts.Order, limit: Int) async -> TopReport {
        let lists = await readings.topHosts(by: order)
        var ranking = TopRanking()
        for list in lists { ranking.add(list.entries) }
        return TopReport(
            by: order.rawValue,
            windowSeconds: Double(lists.map(\.window).max() ?? 0) / 1e9,
            hosts: ranking.hosts(by: order, limit: limit).map(TopReport.Host.init)
        )
    }

    /// What was counted of each rule since the start, by its name.
    package func rules() async -> [String: RuleSummary] {
        RuleTotals(await readings.loops()).totals.mapValues { RuleSummary($0.counts) }
    }

    // MARK: Prometheus

    /// All metrics in the text format of Prometheus. Whoever reads at the same time gets the same text.
    func text() async throws(ControlRefusal) -> [UInt8] {
        let task = running ?? Task { await Unhurried.value { await self.write() } }
        running = task
        let text = await task.value
        if running == task { running = nil }
        guard let text else { throw Self.stalled }
        return text
    }

    private func write() async -> [UInt8]? {
        guard let figures = await readings.figures(takesStall: true) else { return nil }
        let loops = figures.loops
        var totals = RuleTotals(loops)
        let gone = totals.remove(besides: ruleNames())
        if !gone.isEmpty { await readings.forget(gone) }
        var text = MetricsText(common: [("tier", inputs.tier.settings.name)])
        write(totals, &text)
        write(loops, &text)
        write(EndpointTotals(figures.endpoints), &text)
        writeNames(&text)
        writeTier(loops, &text)
        writeProcess(&text)
        return text.bytes
    }

    /// The names of the rules in force.
    private func ruleNames() -> Set<String> {
        let table = inputs.tier.table
        if let known, known.table === table { return known.names }
        let names = Set(table.rules.map(\.name))
        known = (table, names)
        return names
    }

    private var settings: MetricsSettings { inputs.tier.metricsSettings }

    private func write(_ totals: RuleTotals, _ text: inout MetricsText) {
        rules.limit = settings.rules
        let (own, others) = rules.place(totals.counts)
        var all = own.sorted { $0.key < $1.key }
        if let others { all.append((Self.other, others)) }
        // A rule may have the name that stands for the rest.
        let sums = Self.merged(all)
        text.begin(BerthMetrics.requests)
        for (rule, counts) in sums {
            for index in 0..<StatusClass.count where counts[status: index] > 0 {
                text.sample([rule, StatusClass.name(index)], counts[status: index])
            }
        }
        text.begin(BerthMetrics.durations)
        for (rule, counts) in sums where counts.count > 0 { text.sample([rule], counts.durations) }
        text.begin(BerthMetrics.bytesIn)
        for (rule, counts) in sums where counts.count > 0 { text.sample([rule], counts.bytesIn) }
        text.begin(BerthMetrics.bytesOut)
        for (rule, counts) in sums where counts.count > 0 { text.sample([rule], counts.bytesOut) }
        write(failures(totals, own: Set(own.map(\.key))), &text)
        text.begin(BerthMetrics.otherRules)
        text.sample(rules.otherCount)
    }

    private func failures(_ totals: RuleTotals, own: Set<String>) -> [(key: String, counts: Failures)] {
        var all: [(key: String, counts: Failures)] = []
        var rest: [Failure.Reason: [String: CauseCount]] = [:]
        for (rule, total) in totals.totals.sorted(by: { $0.key < $1.key }) {
            if own.contains(rule) {
                all.append((rule, Failures(total.failures)))
                continue
            }
            for (reason, count) in total.failures {
                rest[reason, default: [:]][rule] = CauseCount(count: count)
            }
        }
        for reason in Set(rest.keys).union(otherCauses.keys) {
            var bound = otherCauses[reason] ?? SeriesBound(limit: 0)
            if let sum = bound.place(rest[reason] ?? [:]).others {
                all.append((Self.other, Failures([reason: sum.count])))
            }
            otherCauses[reason] = bound
        }
        return Self.merged(all)
    }

    private struct Failures: Summable {
        var causes: [Failure.Reason: UInt64] = [:]

        init() {}
        init(_ causes: [Failure.Reason: UInt64]) { self.causes = causes }

        var count: UInt64 { causes.values.reduce(0, &+) }
        mutating func add(_ other: Failures) { causes.merge(other.causes) { $0 &+ $1 } }
        mutating func subtract(_ other: Failures) { causes.merge(other.causes) { $0 &- $1 } }
    }

    private func write(_ failures: [(key: String, counts: Failures)], _ text: inout MetricsText) {
        text.begin(BerthMetrics.failures)
        for (rule, failures) in failures {
            for (reason, count) in failures.causes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                text.sample([rule, reason.rawValue, reason.side.rawValue], count)
            }
        }
    }

    private func write(_ loops: [LoopFigures], _ text: inout MetricsText) {
        var counters = Counters()
        for loop in loops { counters.add(loop.counters) }
        let requests = loops.compactMap(\.requests)
        func single(_ family: MetricFamily, _ value: UInt64) {
            text.begin(family)
            text.sample(value)
        }
        text.begin(BerthMetrics.inFlight)
        text.sample(counters.requestsInFlight)
        single(BerthMetrics.retries, counters.retries)
        single(BerthMetrics.excluded, requests.reduce(0) { $0 &+ $1.excluded })
        single(BerthMetrics.connections, counters.connections)
        text.begin(BerthMetrics.openConnections)
        text.sample(loops.reduce(0) { $0 + $1.connections })
        single(BerthMetrics.rejected, counters.rejected)
        text.begin(BerthMetrics.handshakes)
        text.sample(["full"], counters.handshakes &- counters.resumedHandshakes)
        text.sample(["resumed"], counters.resumedHandshakes)
        text.sample(["failed"], counters.failedHandshakes)
        single(BerthMetrics.abusive, counters.abusiveConnections)
        text.begin(BerthMetrics.connects)
        text.sample(["made"], requests.reduce(0) { $0 &+ $1.connects.made })
        text.sample(["failed"], requests.reduce(0) { $0 &+ $1.connects.failed })
    }

    private func write(_ totals: EndpointTotals, _ text: inout MetricsText) {
        endpoints.limit = settings.endpoints
        let (placed, others) = endpoints.place(totals.counts)
        let own = placed.map {
            (labels: [$0.key.pool, "\($0.key.endpoint)"], key: $0.key, counts: $0.counts)
        }
        .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        let labels = own.map(\.labels)
        let states = own.map { totals.totals[$0.key] }
        func counter(_ family: MetricFamily, _ value: (EndpointCounts) -> Double) {
            text.begin(family)
            for (labels, item) in zip(labels, own) { text.sample(labels, value(item.counts)) }
            if let others { text.sample(["", Self.other], value(others)) }
        }
        func gauge(_ family: MetricFamily, _ value: (EndpointTotals.Total) -> Double) {
            text.begin(family)
            for (labels, state) in zip(labels, states) {
                if let state { text.sample(labels, value(state)) }
            }
        }
        text.begin(BerthMetrics.endpointRequests)
        for index in 0..<StatusClass.count {
            let status = StatusClass.name(index)
            for (labels, item) in zip(labels, own) where item.counts[status: index] > 0 {
                text.sample(labels + [status], item.counts[status: index])
            }
            if let others, others[status: index] > 0 {
                text.sample(["", Self.other, status], others[status: index])
            }
        }
        counter(BerthMetrics.endpointFailures) { Double($0.failures) }
        counter(BerthMetrics.endpointWaiting) { Double($0.waiting) / 1e9 }
        gauge(BerthMetrics.endpointInFlight) { Double($0.figures.requestsInFlight) }
        gauge(BerthMetrics.endpointUp) { $0.isUp ? 1 : 0 }
        gauge(BerthMetrics.endpointDraining) { $0.isDraining ? 1 : 0 }
        gauge(BerthMetrics.endpointWeight) { $0.weight }
        write(pools: totals, &text)
        text.begin(BerthMetrics.otherEndpoints)
        text.sample(endpoints.otherCount)
    }

    private func write(pools totals: EndpointTotals, _ text: inout MetricsText) {
        var pools: [String: [String: Int]] = [:]
        for (place, total) in totals.totals { pools[place.pool, default: [:]][total.state, default: 0] += 1 }
        text.begin(BerthMetrics.endpoints)
        // As many as there may be endpoints with series: a pool has one at least.
        for (pool, states) in pools.sorted(by: { $0.key < $1.key }).prefix(max(1, settings.endpoints)) {
            for state in EndpointTotals.states { text.sample([pool, state], states[state] ?? 0) }
        }
    }

    private func writeNames(_ text: inout MetricsText) {
        let sources = inputs.names.statuses.named()
        text.begin(BerthMetrics.sourceReady)
        for (name, status) in sources { text.sample([name], status.state == .up) }
        text.begin(BerthMetrics.sourceNames)
        for (name, status) in sources { text.sample([name], status.names) }
        text.begin(BerthMetrics.sourceAge)
        for (name, status) in sources { text.sample([name], inputs.ages.age(of: status.source)) }
        text.begin(BerthMetrics.sourceQueries)
        for (name, status) in sources { text.sample([name], status.queries) }
        text.begin(BerthMetrics.sourceErrors)
        for (name, status) in sources {
            text.sample([name, "query"], status.failures)
            text.sample([name, "entry"], status.problems)
        }
    }

    private func writeTier(_ loops: [LoopFigures], _ text: inout MetricsText) {
        let reloads = inputs.reloads()
        text.begin(BerthMetrics.ready)
        text.sample(inputs.isReady())
        text.begin(BerthMetrics.loopBusy)
        for (number, loop) in loops.enumerated() { text.sample(["\(number)"], Double(loop.busy) / 1e9) }
        text.begin(BerthMetrics.loopStall)
        for (number, loop) in loops.enumerated() {
            text.sample(["\(number)"], Double(loop.longestStall) / 1e9)
        }
        text.begin(BerthMetrics.reloads)
        text.sample(["ok"], reloads.succeeded)
        text.sample(["failed"], reloads.failed)
        text.begin(BerthMetrics.rulesStale)
        text.sample(reloads.isStale)
        text.begin(BerthMetrics.rulesLoaded)
        text.sample(reloads.loaded)
        text.begin(BerthMetrics.rules)
        text.sample(inputs.tier.table.rules.count)
        text.begin(BerthMetrics.certificates)
        var seen: Set<[String]> = []
        for item in inputs.certificates().sorted(by: { $0.time < $1.time }) {
            guard seen.count < Self.certificates else { break }
            let labels = [item.listener, item.file]
            if seen.insert(labels).inserted { text.sample(labels, item.time) }
        }
        text.begin(BerthMetrics.logDropped)
        for (log, lines) in inputs.droppedLines() { text.sample([log], lines) }
        text.begin(BerthMetrics.tapRecords)
        if let tap = inputs.tap { text.sample(tap.records) }
        text.begin(BerthMetrics.tapSkipped)
        if let tap = inputs.tap { text.sample(tap.skipped) }
        text.begin(BerthMetrics.build)
        text.sample([BerthVersion.current], 1)
    }

    private func writeProcess(_ text: inout MetricsText) {
        let process = ProcessFigures.read()
        func write(_ family: MetricFamily, _ value: Double?) {
            text.begin(family)
            if let value { text.sample(value) }
        }
        write(BerthMetrics.memory, process.residentMemory.map { Double($0) })
        write(BerthMetrics.descriptors, process.openDescriptors.map { Double($0) })
        write(BerthMetrics.maxDescriptors, process.maxDescriptors.map { Double($0) })
        write(BerthMetrics.cpu, process.cpu)
        write(BerthMetrics.start, process.start)
    }

    /// Each key once, in the order in which they come first.
    private static func merged<Counts: Summable>(
        _ items: [(key: String, counts: Counts)]
    ) -> [(key: String, counts: Counts)] {
        var positions: [String: Int] = [:]
        var merged: [(key: String, counts: Counts)] = []
        for item in items {
            if let position = positions[item.key] {
                merged[position].counts.add(item.counts)
            } else {
                positions[item.key] = merged.count
                merged.append(item)
            }
        }
        return merged
    }
}

extension [NameSourceStatus] {
    /// With a name of its own for each: of several with one label, the second is `label #2`.
    fileprivate func named() -> [(name: String, status: NameSourceStatus)] {
        var seen: [String: Int] = [:]
        return map { status in
            let number = seen[status.source, default: 0] + 1
            seen[status.source] = number
            return (number == 1 ? status.source : "\(status.source) #\(number)", status)
        }
    }
}
