package import NIOCore
import NIOConcurrencyHelpers

/// The name sources of one tier, live: keeps the current table, publishes updates, and queries names that
/// have to be queried.
///
/// May be used from any thread. Its state changes on one event loop, which should not serve requests: a
/// registry's snapshot of 100,000 names takes that loop's time. Subscribers are called there and hop to their own.
///
/// `@unchecked Sendable`: `machine` and the other mutable properties are used on `loop` alone, after `init`.
package final class NameDirectory: NameResolver, @unchecked Sendable {
    /// The state that other threads may read.
    private struct Published {
        var table: NameTable
        var statuses: [NameSourceStatus]
        var keys: Set<NameSource.Key>
    }

    private let loop: any EventLoop
    private let report: @Sendable (NameSourceEvent) -> Void
    private let published: NIOLockedValueBox<Published>

    private var machine: NameDirectoryMachine
    private var subscribers: [@Sendable (NameTableUpdate) -> Void] = []
    private var toStart: [(id: UInt64, source: NameSource)]
    private var started = false
    private var stopped = false
    private var lastInstall: NIODeadline?
    private var flushing = false
    private var alarm: (time: NIODeadline, task: Scheduled<Void>)?

    /// Reads the initial names of each source; everything else begins with `start`.
    ///
    /// - Parameters:
    ///   - sources: in the order of their precedence.
    ///   - loop: for the directory's own work.
    ///   - report: receives events of the sources, on `loop` (at first on this thread).
    /// - Throws: `NameSourceError` when a file cannot be read at the start, where an operator sees it. Later
    ///   failures keep the last names.
    package init(
        _ sources: [NameSource],
        on loop: any EventLoop,
        report: @escaping @Sendable (NameSourceEvent) -> Void = { _ in }
    ) throws(NameSourceError) {
        self.loop = loop
        self.report = report
        var machine = NameDirectoryMachine()
        self.toStart =
            machine.replace(with: sources, first: try Self.initialNames(sources), now: loop.now).started
        let table = machine.takeUpdate().update?.table ?? .empty
        let keys = Set(sources.map(\.key))
        self.published = NIOLockedValueBox(Published(table: table, statuses: machine.statuses, keys: keys))
        for event in machine.takeEvents() { report(event) }
        self.machine = machine
    }

    /// The current names.
    package var table: NameTable { published.withLockedValue { $0.table } }

    /// The states of the sources, in their order.
    package var statuses: [NameSourceStatus] { published.withLockedValue { $0.statuses } }

    /// Calls `subscriber` with the current table, and with each new one.
    package func subscribe(_ subscriber: @escaping @Sendable (NameTableUpdate) -> Void) {
        loop.execute { [self] in
            guard !stopped else { return }
            subscribers.append(subscriber)
            subscriber(NameTableUpdate(table: table, changed: nil))
        }
    }

    /// Starts the sources.
    package func start() {
        loop.execute { [self] in
            guard !started, !stopped else { return }
            started = true
            begin(toStart)
            toStart = []
            work()
        }
    }

    /// Stops the sources; the last table stays. Pending lookups fail.
    package func stop() {
        loop.execute { [self] in
            guard !stopped else { return }
            stopped = true
            subscribers = []
            alarm?.task.cancel()
            alarm = nil
            if started { for (_, source) in machine.sources { Self.stop(source) } }
            _ = machine.replace(with: [], first: [:], now: loop.now)
            for (completion, _) in machine.takeUpdate().settled {
                completion(.failed(NameProblem(.unavailable, "the name sources are stopped")))
            }
        }
    }

    /// Puts another list of sources in force. Sources with the same key continue.
    ///
    /// - Parameter publish: called with the new table, before the subscribers: for rules that belong to these
    ///   names and take effect at the same moment.
    /// - Throws: `NameSourceError` when a new source cannot be read; then nothing changes.
    package func replace(
        _ sources: [NameSource],
        publish: @escaping @Sendable (NameTable) -> Void = { _ in }
    ) throws(NameSourceError) {
        let known = published.withLockedValue { $0.keys }
        let first = try Self.initialNames(sources, besides: known)
        published.withLockedValue { $0.keys = Set(sources.map(\.key)) }
        loop.execute { [self] in
            guard !stopped else { return publish(table) }
            let (new, old) = machine.replace(with: sources, first: first, now: loop.now)
            let waiting = Set(toStart.map(\.id))
            if started {
                for source in old { Self.stop(source) }
                begin(new)
            } else {
                let kept = Set(machine.sources.map(\.id))
                toStart = toStart.filter { kept.contains($0.id) && waiting.contains($0.id) } + new
            }
            flush(publish)
            work()
        }
    }

    /// Puts in force what the sources have emitted until now, and calls `done` when the subscribers have received it.
    package func publishNow(_ done: @escaping @Sendable () -> Void) {
        loop.execute { [self] in
            if !stopped { flush() }
            done()
        }
    }

    /// Has the sources read their files again.
    package func reread() {
        loop.execute { [self] in
            guard started, !stopped else { return }
            for case .live(let live) in machine.sources.map(\.source.kind) { live.reread() }
        }
    }

    package func resolve(
        _ name: String,
        for waiter: ObjectIdentifier,
        completion: @escaping @Sendable (NameLookup) -> Void
    ) {
        loop.execute { [self] in
            guard !stopped else {
                return completion(.failed(NameProblem(.unavailable, "the name sources are stopped")))
            }
            machine.resolve(name, for: waiter, now: loop.now, completion: completion)
            work()
        }
    }

    /// Resolves a name for someone who waits until the end.
    package func resolve(_ name: String, completion: @escaping @Sendable (NameLookup) -> Void) {
        resolve(name, for: ObjectIdentifier(self), completion: completion)
    }

    package func abandon(_ name: String, for waiter: ObjectIdentifier) {
        loop.execute { [self] in
            guard !stopped else { return }
            machine.abandon(name, for: waiter)
            work()
        }
    }

    /// The lifetime of the answer for `name`; nil where no source was queried for it.
    package func lifetime(of name: String, completion: @escaping @Sendable (AnswerLifetime?) -> Void) {
        loop.execute { [self] in completion(stopped ? nil : machine.lifetime(of: name, now: loop.now)) }
    }

    // MARK: On the loop

    private func begin(_ sources: [(id: UInt64, source: NameSource)]) {
        for (id, source) in sources {
            switch source.kind {
            case .live(let live):
                live.start { [weak self] update in
                    guard let self else { return }
                    loop.execute { [self] in
                        guard !stopped else { return }
                        machine.apply(update, from: id, now: loop.now)
                        work()
                    }
                }
            case .query(let query):
                query.start()
            }
        }
    }

    private static func stop(_ source: NameSource) {
        switch source.kind {
        case .live(let live): live.stop()
        case .query(let query): query.stop()
        }
    }

    /// Performs the outputs of the machine.
    private func work() {
        let queries = machine.takeQueries()
        if !queries.isEmpty { send(queries) }
        for event in machine.takeEvents() { report(event) }
        let statuses = machine.statuses
        published.withLockedValue { $0.statuses = statuses }
        publishUpdate()
        setAlarm()
    }

    private func send(_ queries: [NameDirectoryMachine.Query]) {
        let sources = Dictionary(uniqueKeysWithValues: machine.sources.map { ($0.id, $0.source) })
        for query in queries {
            guard case .query(let source)? = sources[query.layer]?.kind else { continue }
            source.query(query.name) { [weak self] result in
                guard let self else { return }
                loop.execute { [self] in
                    guard !stopped else { return }
                    machine.receive(result, for: query.name, from: query.layer, now: loop.now)
                    work()
                }
            }
        }
    }

    /// At once, where the last table is old enough; otherwise a little later, with the updates until then.
    private func publishUpdate() {
        guard machine.hasUpdate, !flushing else { return }
        let now = loop.now
        guard let lastInstall, now < lastInstall + NameLimits.installPause else { return flush() }
        flushing = true
        _ = loop.scheduleTask(deadline: lastInstall + NameLimits.installPause) { [weak self] in
            guard let self else { return }
            flushing = false
            guard !stopped else { return }
            flush()
        }
    }

    private func flush(_ publish: (NameTable) -> Void = { _ in }) {
        let (update, settled) = machine.takeUpdate()
        if let update {
            lastInstall = loop.now
            published.withLockedValue { $0.table = update.table }
            publish(update.table)
            for subscriber in subscribers { subscriber(update) }
        }
        for (completion, lookup) in settled { completion(lookup) }
    }

    private func setAlarm() {
        guard let next = machine.nextDeadline else { return }
        if let alarm, alarm.time <= next { return }
        alarm?.task.cancel()
        // Deadlines close to each other share one timer.
        let time = max(next, loop.now + NameLimits.installPause)
        let task = loop.scheduleTask(deadline: time) { [weak self] in
            guard let self, !stopped else { return }
            alarm = nil
            machine.due(now: loop.now)
            work()
        }
        alarm = (time, task)
    }

    private static func initialNames(
        _ sources: [NameSource],
        besides known: Set<NameSource.Key> = []
    ) throws(NameSourceError) -> [Int: [String: [NamedAddress]]] {
        var first: [Int: [String: [NamedAddress]]] = [:]
        for (index, source) in sources.enumerated() {
            guard !known.contains(source.key), case .live(let live) = source.kind else { continue }
            if let names = try live.initialNames() { first[index] = names }
        }
        return first
    }
}
