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
        var queries: UInt64 = 0
        var failures: UInt64 = 0
        /// The failure of a query source, until it responds again.
        var failure: String?

        var frozen: NameLayer {
            let content = live?.content ?? .answers(cache?.answers ?? [:])
            return NameLayer(source: source.label, content: content, isLocal: source.isLocal)
        }

        /// Names in force.
        var count: Int { live?.count ?? cache?.positiveAnswers ?? 0 }
        var nextDeadline: NIODeadline? { live.map(\.nextDeadline) ?? cache?.nextDeadline }
    }

    private struct Wait {
        var waiters: [Completion]
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
                    events.append(.loaded(source: source.label, names: names.count))
                }
            case .query:
                layer.cache = AnswerCache(maxStale: maxStale)
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
        if case .problem = update { layers[index].problems &+= 1 }
        let invalidates = layers[index].live?
            .apply(update, now: now, changed: &changed, events: &events)
        if invalidates == true { invalidateAll(now: now) }
    }

    /// The result of a query.
    mutating func receive(_ result: NameQueryResult, for name: String, from id: UInt64, now: NIODeadline) {
        guard let index = layers.firstIndex(where: { $0.id == id }) else { return }
        record(result, index)
        layers[index].cache?.receive(result, for: name, now: now)
        collectChanges(index)
        reevaluate(name, in: frozenLayers)
    }

    /// Resolves a name; `completion` is among those of `takeUpdate` when it is done.
    mutating func resolve(_ name: String, now: NIODeadline, completion: @escaping Completion) {
        if waits[name] != nil {
            waits[name]?.waiters.append(completion)
            return
        }
        guard waits.count < NameLimits.waitingNames else {
            let problem = NameProblem(.overloaded, "too many names are being resolved")
            settled.append((completion, .failed(problem)))
            return
        }
        let until = now + NameLimits.patience
        waits[name] = Wait(waiters: [completion], until: until)
        waitEnds.append((name, until))
        reevaluate(name, in: frozenLayers)
    }

    /// Deadlines of all kinds.
    mutating func due(now: NIODeadline) {
        var invalidates = false
        for index in layers.indices {
            if layers[index].live?.due(now: now, events: &events) == true { invalidates = true }
            guard let deadline = layers[index].cache?.nextDeadline, deadline <= now else { continue }
            let names = layers[index].cache?.due(now: now) ?? []
            collectChanges(index)
            layers[index].queries &+= UInt64(names.count)
            queries += names.map { Query(layer: layers[index].id, name: $0) }
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
                layer.failure.map { .down(reason: $0) } ?? (layer.queries == 0 ? .cold : .up)
            return NameSourceStatus(
                source: layer.source.label,
                state: layer.live?.state ?? queryState,
                names: layer.count,
                problems: layer.problems,
                queries: layer.queries,
                failures: layer.failures
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

    private mutating func collectChanges(_ index: Int) {
        changed.formUnion(layers[index].cache?.changed ?? [])
        layers[index].cache?.changed = []
    }

    private mutating func record(_ result: NameQueryResult, _ index: Int) {
        let label = layers[index].source.label
        if case .failed(let problem) = result {
            layers[index].failures &+= 1
            guard problem.kind == .unavailable, layers[index].failure == nil else { return }
            layers[index].failure = problem.reason
            events.append(.down(source: label, reason: problem.reason, serving: layers[index].count))
        } else if layers[index].failure != nil {
            layers[index].failure = nil
            events.append(.up(source: label))
        }
    }

    /// A live source has become available or no longer is: the lookup of any name may differ, also of names that it
    /// does not hold.
    private mutating func invalidateAll(now: NIODeadline) {
        changedAll = true
        // Queries change no answers: all names are looked up in the same layers.
        let frozen = frozenLayers
        for name in Array(waits.keys) { reevaluate(name, in: frozen) }
    }

    /// Looks up a waiting name: settles it, or sends the query that it waits for.
    private mutating func reevaluate(_ name: String, in frozen: [NameLayer]) {
        guard waits[name] != nil else { return }
        let (lookup, index) = NameTable.lookUp(name, in: frozen)
        guard case .unresolved = lookup, layers.indices.contains(index) else { return settle(name, lookup) }
        switch layers[index].cache?.startQuery(name) {
        case .started?:
            layers[index].queries &+= 1
            queries.append(Query(layer: layers[index].id, name: name))
        case .overloaded?:
            let problem = NameProblem(.overloaded, "\(layers[index].source.label): too many queries")
            settle(name, .failed(problem))
        case .pending?, nil: break
        }
    }

    private mutating func settle(_ name: String, _ lookup: NameLookup) {
        guard let wait = waits.removeValue(forKey: name) else { return }
        for completion in wait.waiters { settled.append((completion, lookup)) }
        while let end = waitEnds.first, waits[end.name]?.until != end.until { waitEnds.removeFirst() }
    }
}
