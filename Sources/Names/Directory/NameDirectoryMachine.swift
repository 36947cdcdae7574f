import DequeModule
import HashTreeCollections
import NIOCore

/// The names of all sources and the pending queries: the state of a directory, without threads, timers or
/// sockets.
///
/// A pure machine: updates, query results, lookups and time come in; queries to sources, events, tables and the
/// results of lookups come out.
struct NameDirectoryMachine {
    typealias Completion = @Sendable (NameLookup) -> Void

    /// A query to a source.
    struct Query: Equatable {
        let layer: UInt64
        let name: String
    }

    private struct Layer {
        let id: UInt64
        let source: NameSource
        // Exactly one of the two, changed in place: a copy of their trees would make each change copy its path.
        /// The names of a live source.
        var live: LiveLayer?
        /// The answers of a query source.
        var cache: AnswerCache?
        var problems: UInt64 = 0
        /// Why a query source counts as down, as reported.
        var outage: String?
        /// When it last emitted anything.
        var updated: NIODeadline?

        var frozen: NameLayer {
            let content = live?.content ?? .answers(cache?.answers ?? [:])
            return NameLayer(source: source.label, content: content, isLocal: source.isLocal)
        }

        /// Names in force.
        var count: Int { live?.count ?? cache?.positiveAnswers ?? 0 }
        var nextDeadline: NIODeadline? { live.map(\.nextDeadline) ?? cache?.nextDeadline }
    }

    private struct Wait {
        var waiters: [(id: ObjectIdentifier, completion: Completion)]
        let until: NIODeadline
    }

    private var layers: [Layer] = []
    private var nextID: UInt64 = 0
    private var waits: [String: Wait] = [:]
    /// In the order of their starts; most are over already.
    private var waitEnds: Deque<(name: String, until: NIODeadline)> = []
    private var changed: Set<String> = []
    private var changedAll = false
    private var settled: [(completion: Completion, lookup: NameLookup)] = []

    // Outputs until they are taken.
    private var queries: [Query] = []
    private var events: [NameSourceEvent] = []

    var waiting: Int { waits.count }

    // MARK: Sources

    /// Puts a list of sources in force. Sources with the key of an existing one continue.
    ///
    /// - Parameter first: the initial names of live sources, by their index in `sources`.
    /// - Returns: the new sources, to be started, and the removed ones, to be stopped.
    mutating func replace(
        with sources: [NameSource],
        first: [Int: [String: [NamedAddress]]],
        now: NIODeadline
    ) -> (started: [(id: UInt64, source: NameSource)], stopped: [NameSource]) {
        var old = layers
        var started: [(UInt64, NameSource)] = []
        layers = sources.enumerated().map { index, source in
            if let same = old.firstIndex(where: { $0.source.key == source.key }) {
                return old.remove(at: same)
            }
            nextID += 1
            started.append((nextID, source))
            let maxStale = source.maxStale.map { TimeAmount($0) }
            var layer = Layer(id: nextID, source: source)
            switch source.kind {
            case .live:
                layer.live = LiveLayer(source.label, maxStale: maxStale, first: first[index], now: now)
                if let names = first[index] {
                    layer.updated = now
                    events.append(.loaded(source: source.label, names: names.count))
                }
            case .query(let query):
                layer.cache = AnswerCache(
                    label: source.label,
                    query.traits,
                    maxStale: maxStale,
                    isFixed: query.isFixed
                )
            }
            return layer
        }
        invalidateAll(now: now)
        return (started, old.map(\.source))
    }

    var sources: [(id: UInt64, source: NameSource)] { layers.map { ($0.id, $0.source) } }

    // MARK: Inputs

    /// An update of a live source; one of a removed source is ignored.
    mutating func apply(_ update: NameSourceUpdate, from id: UInt64, now: NIODeadline) {
        guard let index = layers.firstIndex(where: { $0.id == id }) else { return }
        switch update {
        case .problem: layers[index].problems &+= 1
        case .snapshot, .update: layers[index].updated = now
        case .down, .warning: break
        }
        let invalidates = layers[index].live?
            .apply(update, now: now, changed: &changed, events: &events)
        if invalidates == true { invalidateAll(now: now) }
    }

    /// The result of a query.
    mutating func receive(_ result: NameQueryResult, for name: String, from id: UInt64, now: NIODeadline) {
        guard let index = layers.firstIndex(where: { $0.id == id }) else { return }
        layers[index].cache?.receive(result, for: name, now: now)
        layers[index].updated = now
        let names = collect(index, now: now)
        reevaluate(name, now: now)
        for other in names where other != name { reevaluate(other, now: now) }
    }

    /// Resolves a name; `completion` is among those of `takeUpdate` when it is done.
    mutating func resolve(
        _ name: String,
        for waiter: ObjectIdentifier,
        now: NIODeadline,
        completion: @escaping Completion
    ) {
        if waits[name] != nil {
            waits[name]?.waiters.append((waiter, completion))
            return
        }
        guard waits.count < NameLimits.waitingNames || isKnown(name, now: now) else {
            let problem = NameProblem(.overloaded, "too many names are being resolved")
            settled.append((completion, .failed(problem)))
            return
        }
        let until = now + NameLimits.patience
        waits[name] = Wait(waiters: [(waiter, completion)], until: until)
        waitEnds.append((name, until))
        if waitEnds.count > 4 * (waits.count + 1024) {
            waitEnds.removeAll { waits[$0.name]?.until != $0.until }
        }
        reevaluate(name, now: now)
    }

    /// Forgets what a waiter wanted of a name. A query that nobody waits for is not sent.
    mutating func abandon(_ name: String, for waiter: ObjectIdentifier) {
        waits[name]?.waiters.removeAll { $0.id == waiter }
        guard waits[name]?.waiters.isEmpty == true else { return }
        settle(name, .unresolved)
    }

    /// Deadlines of all kinds.
    mutating func due(now: NIODeadline) {
        var invalidates = false
        for index in layers.indices {
            if layers[index].live?.due(now: now, events: &events) == true { invalidates = true }
            guard let deadline = layers[index].cache?.nextDeadline, deadline <= now else { continue }
            layers[index].cache?.due(now: now)
            for name in collect(index, now: now) { reevaluate(name, now: now) }
        }
        if invalidates { invalidateAll(now: now) }
        while let end = waitEnds.first, end.until <= now {
            waitEnds.removeFirst()
            guard waits[end.name]?.until == end.until else { continue }
            settle(end.name, .failed(NameProblem(.timeout, "no name source responded in time")))
        }
    }

    /// When `due` has something to do next.
    var nextDeadline: NIODeadline? {
        var next: NIODeadline?
        for layer in layers {
            if let deadline = layer.nextDeadline { next = min(next ?? deadline, deadline) }
        }
        if let end = waitEnds.first?.until { next = min(next ?? end, end) }
        return next
    }

    // MARK: Outputs

    /// A new table is due, or a lookup is settled.
    var hasUpdate: Bool { !changed.isEmpty || changedAll || !settled.isEmpty }

    /// The new table with its changes, and the settled lookups: to be published in this order.
    mutating func takeUpdate() -> (
        update: NameTableUpdate?, settled: [(completion: Completion, lookup: NameLookup)]
    ) {
        defer { settled = [] }
        guard changedAll || !changed.isEmpty else { return (nil, settled) }
        let update = NameTableUpdate(
            table: NameTable(layers: frozenLayers),
            changed: changedAll ? nil : changed
        )
        changed = []
        changedAll = false
        return (update, settled)
    }

    mutating func takeQueries() -> [Query] {
        defer { queries = [] }
        return queries
    }

    mutating func takeEvents() -> [NameSourceEvent] {
        defer { events = [] }
        return events
    }

    var statuses: [NameSourceStatus] {
        layers.map { layer in
            let queryState: NameSourceStatus.State =
                layer.outage.map { .down(reason: $0) } ?? (layer.cache?.queries == 0 ? .cold : .up)
            return NameSourceStatus(
                source: layer.source.label,
                state: layer.live?.state ?? queryState,
                names: layer.count,
                problems: layer.problems,
                queries: layer.cache?.queries ?? 0,
                failures: layer.cache?.failures ?? 0,
                updated: layer.updated
            )
        }
    }

    /// The lifetime of the answer that a lookup of `name` finds; nil where a live source has the name, or none.
    func lifetime(of name: String, now: NIODeadline) -> AnswerLifetime? {
        let (lookup, index) = NameTable.lookUp(name, in: frozenLayers)
        guard case .known = lookup, layers.indices.contains(index) else { return nil }
        return layers[index].cache?.lifetime(of: name, now: now)
    }

    // MARK: Pieces

    private var frozenLayers: [NameLayer] { layers.map(\.frozen) }

    /// Takes over what a query source's answers have to report.
    ///
    /// - Returns: the names whose answers have changed.
    @discardableResult
    private mutating func collect(_ index: Int, now: NIODeadline) -> Set<String> {
        guard let names = layers[index].cache?.changed else { return [] }
        layers[index].cache?.changed = []
        changed.formUnion(names)
        for name in layers[index].cache?.takeSends(now: now) ?? [] {
            queries.append(Query(layer: layers[index].id, name: name))
        }
        let outage = layers[index].cache?.outage
        let label = layers[index].source.label
        if let outage, layers[index].outage == nil {
            events.append(.down(source: label, reason: outage, serving: layers[index].count))
        } else if outage == nil, layers[index].outage != nil {
            events.append(.up(source: label))
        }
        layers[index].outage = outage
        return names
    }

    /// A live source has become available or no longer is: the lookup of any name may differ, also of names that it
    /// does not hold.
    private mutating func invalidateAll(now: NIODeadline) {
        changedAll = true
        for name in Array(waits.keys) { reevaluate(name, now: now) }
    }

    /// Looks up a waiting name: settles it, or starts the query that it waits for.
    private mutating func reevaluate(_ name: String, now: NIODeadline) {
        guard waits[name] != nil else { return }
        // Each layer is queried once at most.
        for _ in 0...layers.count {
            let frozen = frozenLayers
            let (lookup, index) = NameTable.lookUp(name, in: frozen)
            guard case .unresolved = lookup, layers.indices.contains(index) else {
                return settle(name, lookup)
            }
            let later = NameTable.lookUp(name, in: Array(frozen[(index + 1)...])).lookup
            let start = layers[index].cache?.startQuery(name, isElsewhere: later.resolved != nil, now: now)
            collect(index, now: now)
            switch start {
            case .answered?: continue
            case .overloaded?:
                let problem = NameProblem(.overloaded, "\(layers[index].source.label): too many queries")
                return settle(name, .failed(problem))
            case .waits?, nil: return
            }
        }
    }

    /// Whether a source has the name, or had it: it is not one that only a client made up.
    private func isKnown(_ name: String, now: NIODeadline) -> Bool {
        layers.contains { layer in
            layer.cache?.isKnown(name, now: now) == true
                || NameTable.lookUp(name, in: [layer.frozen]).lookup.resolved != nil
        }
    }

    private mutating func settle(_ name: String, _ lookup: NameLookup) {
        guard let wait = waits.removeValue(forKey: name) else { return }
        for (_, completion) in wait.waiters { settled.append((completion, lookup)) }
        while let end = waitEnds.first, waits[end.name]?.until != end.until { waitEnds.removeFirst() }
        for index in layers.indices { layers[index].cache?.abandon(name) }
    }
}
