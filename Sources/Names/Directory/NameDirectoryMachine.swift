import DequeModule
import NIOCore

/// All the sources' names and the questions that are open: what a directory knows, without threads,
/// timers or sockets.
///
/// A pure machine: news, replies, questions and time come in; questions for sources, events, tables
/// and results for those who wait come out.
struct NameDirectoryMachine {
    typealias Done = @Sendable (NameLookup) -> Void

    /// A source is to be asked for a name.
    struct Question: Equatable {
        let layer: UInt64
        let name: String
    }

    private enum Memory {
        case live(LiveLayer)
        case query(AnswerCache)
    }

    private struct Layer {
        let id: UInt64
        let source: NameSource
        var memory: Memory
        var problems: UInt64 = 0
        var questions: UInt64 = 0
        var failures: UInt64 = 0
        /// The last reason a query source gave, while it gives nothing else.
        var trouble: String?

        var frozen: NameLayer {
            switch memory {
            case .live(let live):
                NameLayer(source: source.label, content: live.content, isLocal: source.isLocal)
            case .query(let cache): NameLayer(source: source.label, content: .answers(cache.answers))
            }
        }
    }

    private struct Wait {
        var waiters: [Done]
        let until: NIODeadline
    }

    private var layers: [Layer] = []
    private var nextID: UInt64 = 0
    private var waits: [String: Wait] = [:]
    /// In the order in which they began; most are over already.
    private var waitEnds: Deque<(name: String, until: NIODeadline)> = []
    private var changed: Set<String> = []
    private var changedAll = false
    private var settled: [(done: Done, lookup: NameLookup)] = []

    // What came out, until somebody takes it.
    private var questions: [Question] = []
    private var events: [NameSourceEvent] = []

    var waiting: Int { waits.count }

    // MARK: Sources

    /// Puts a list of sources in force. Those that are there already, by their keys, go on.
    ///
    /// - Parameter first: what live sources know at once, by their place in `sources`.
    /// - Returns: the sources that are new, to be started, and those that are left out, to be stopped.
    mutating func replace(
        with sources: [NameSource],
        first: [Int: [String: [NamedAddress]]],
        now: NIODeadline
    ) -> (started: [(id: UInt64, source: NameSource)], stopped: [NameSource]) {
        var old = layers
        var started: [(UInt64, NameSource)] = []
        layers = sources.enumerated().map { index, source in
            if let place = old.firstIndex(where: { $0.source.key == source.key }) {
                return old.remove(at: place)
            }
            nextID += 1
            started.append((nextID, source))
            let maxStale = source.maxStale.map { TimeAmount($0) }
            let memory: Memory
            switch source.kind {
            case .live:
                let live = LiveLayer(source.label, maxStale: maxStale, first: first[index], now: now)
                if let names = first[index] {
                    events.append(.loaded(source: source.label, names: names.count))
                }
                memory = .live(live)
            case .query:
                memory = .query(AnswerCache(maxStale: maxStale))
            }
            return Layer(id: nextID, source: source, memory: memory)
        }
        beginAgain(now: now)
        return (started, old.map(\.source))
    }

    var sources: [(id: UInt64, source: NameSource)] { layers.map { ($0.id, $0.source) } }

    // MARK: What happens

    /// News of a live source; of one that is gone nothing follows.
    mutating func take(_ change: NameSourceUpdate, from id: UInt64, now: NIODeadline) {
        guard let index = layers.firstIndex(where: { $0.id == id }),
            case .live(var live) = layers[index].memory
        else { return }
        // Held here alone while it changes.
        layers[index].memory = .query(AnswerCache(maxStale: nil, positives: 0, negatives: 0))
        if case .problem = change { layers[index].problems &+= 1 }
        let wakes = live.take(change, now: now, changed: &changed, events: &events)
        layers[index].memory = .live(live)
        if wakes { beginAgain(now: now) }
    }

    /// A query source's reply.
    mutating func take(_ reply: NameQueryResult, for name: String, from id: UInt64, now: NIODeadline) {
        guard let index = layers.firstIndex(where: { $0.id == id }) else { return }
        note(reply, index)
        change(index) { $0.take(reply, for: name, now: now) }
        lookAgain(name, now: now)
    }

    /// Somebody wants to know a name.
    mutating func resolve(_ name: String, now: NIODeadline, done: @escaping Done) {
        if waits[name] != nil {
            waits[name]?.waiters.append(done)
            return
        }
        guard waits.count < NameLimits.waitingNames else {
            let problem = NameProblem(.overloaded, "too many names wait for an answer")
            settled.append((done, .failed(problem)))
            return
        }
        let until = now + NameLimits.patience
        waits[name] = Wait(waiters: [done], until: until)
        waitEnds.append((name, until))
        lookAgain(name, now: now)
    }

    /// Deadlines of all kinds.
    mutating func due(now: NIODeadline) {
        var wakes = false
        for index in layers.indices {
            switch layers[index].memory {
            case .live(var live):
                wakes = live.due(now: now, events: &events) || wakes
                layers[index].memory = .live(live)
            case .query(let cache):
                guard let deadline = cache.nextDeadline, deadline <= now else { continue }
                let names = change(index) { $0.due(now: now) } ?? []
                layers[index].questions &+= UInt64(names.count)
                questions += names.map { Question(layer: layers[index].id, name: $0) }
            }
        }
        if wakes { beginAgain(now: now) }
        while let end = waitEnds.first, end.until <= now {
            waitEnds.removeFirst()
            guard waits[end.name]?.until == end.until else { continue }
            settle(end.name, .failed(NameProblem(.timeout, "no name source answered in time")))
        }
    }

    /// When `due` has something to do next.
    var nextDeadline: NIODeadline? {
        var next: NIODeadline?
        for layer in layers {
            let deadline =
                switch layer.memory {
                case .live(let live): live.nextDeadline
                case .query(let cache): cache.nextDeadline
                }
            if let deadline { next = min(next ?? deadline, deadline) }
        }
        if let end = waitEnds.first?.until { next = min(next ?? end, end) }
        return next
    }

    // MARK: What follows

    /// A new table is due, or somebody's wait is over.
    var hasNews: Bool { !changed.isEmpty || changedAll || !settled.isEmpty }

    /// The table now with what is different, and those whose waits are over: to be told in this order.
    mutating func takeNews() -> (news: NameTableUpdate?, settled: [(done: Done, lookup: NameLookup)]) {
        defer { settled = [] }
        guard changedAll || !changed.isEmpty else { return (nil, settled) }
        let news = NameTableUpdate(
            table: NameTable(layers: layers.map(\.frozen)),
            changed: changedAll ? nil : changed
        )
        changed = []
        changedAll = false
        return (news, settled)
    }

    mutating func takeQuestions() -> [Question] {
        defer { questions = [] }
        return questions
    }

    mutating func takeEvents() -> [NameSourceEvent] {
        defer { events = [] }
        return events
    }

    var statuses: [NameSourceStatus] {
        layers.map { layer in
            let state: NameSourceStatus.State
            let names: Int
            switch layer.memory {
            case .live(let live):
                state = live.state
                names = live.count
            case .query(let cache):
                state = layer.trouble.map { .down(reason: $0) } ?? (layer.questions == 0 ? .cold : .up)
                names = cache.positiveAnswers
            }
            return NameSourceStatus(
                source: layer.source.label,
                state: state,
                names: names,
                problems: layer.problems,
                questions: layer.questions,
                failures: layer.failures
            )
        }
    }

    /// Of the answer that a lookup of `name` finds; nil where a live source answers, or none.
    func life(of name: String, now: NIODeadline) -> AnswerLifetime? {
        let (lookup, index) = NameTable.lookUp(name, in: layers.map(\.frozen))
        guard case .known = lookup, layers.indices.contains(index),
            case .query(let cache) = layers[index].memory
        else { return nil }
        return cache.life(of: name, now: now)
    }

    // MARK: Inside

    /// Changes a query layer's cache in place.
    @discardableResult
    private mutating func change<Result>(_ index: Int, _ body: (inout AnswerCache) -> Result) -> Result? {
        guard case .query(var cache) = layers[index].memory else { return nil }
        // Held here alone while it changes.
        layers[index].memory = .query(AnswerCache(maxStale: nil, positives: 0, negatives: 0))
        let result = body(&cache)
        changed.formUnion(cache.changed)
        cache.changed = []
        layers[index].memory = .query(cache)
        return result
    }

    private mutating func note(_ reply: NameQueryResult, _ index: Int) {
        let label = layers[index].source.label
        if case .failed(let problem) = reply {
            layers[index].failures &+= 1
            guard problem.kind == .unavailable, layers[index].trouble == nil else { return }
            layers[index].trouble = problem.reason
            events.append(.down(source: label, reason: problem.reason, serving: positives(index)))
        } else if layers[index].trouble != nil {
            layers[index].trouble = nil
            events.append(.up(source: label))
        }
    }

    private func positives(_ index: Int) -> Int {
        if case .query(let cache) = layers[index].memory { return cache.positiveAnswers }
        return 0
    }

    /// A live source has begun to answer or no longer does: what is said of any name may be another thing,
    /// also of names that it does not hold.
    private mutating func beginAgain(now: NIODeadline) {
        changedAll = true
        lookAgain(now: now)
    }

    private mutating func lookAgain(now: NIODeadline) {
        for name in Array(waits.keys) { lookAgain(name, now: now) }
    }

    /// Follows a name that waits through the layers, as far as it comes.
    private mutating func lookAgain(_ name: String, now: NIODeadline) {
        guard waits[name] != nil else { return }
        let (lookup, index) = NameTable.lookUp(name, in: layers.map(\.frozen))
        guard case .unresolved = lookup, layers.indices.contains(index) else { return settle(name, lookup) }
        guard case .query = layers[index].memory else { return }
        switch change(index, { $0.wants(name) }) ?? nil {
        case true?:
            layers[index].questions &+= 1
            questions.append(Question(layer: layers[index].id, name: name))
        case false?: break
        case nil:
            settle(
                name,
                .failed(NameProblem(.overloaded, "\(layers[index].source.label): too many questions"))
            )
        }
    }

    private mutating func settle(_ name: String, _ lookup: NameLookup) {
        guard let wait = waits.removeValue(forKey: name) else { return }
        for done in wait.waiters { settled.append((done, lookup)) }
        while let end = waitEnds.first, waits[end.name]?.until != end.until { waitEnds.removeFirst() }
    }
}
