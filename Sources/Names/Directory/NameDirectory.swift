package import NIOCore
import NIOConcurrencyHelpers

/// The name sources of one tier, live: keeps the current table, tells of news, and asks for names
/// that have to be asked for.
///
/// May be used from any thread. All it knows changes on one event loop, which should not be one
/// that serves requests: a registry's snapshot of 100,000 names takes that loop's time. Subscribers
/// are called there and hop to their own.
///
/// `@unchecked Sendable`: `book` and what stands beside it is touched on `loop` alone, after `init`.
package final class NameDirectory: NameResolver, @unchecked Sendable {
    /// What other threads may look at.
    private struct Published {
        var table: NameTable
        var statuses: [NameSourceStatus]
        var keys: Set<NameSource.Key>
    }

    private let loop: any EventLoop
    private let report: @Sendable (NameSourceEvent) -> Void
    private let published: NIOLockedValueBox<Published>

    private var book: NameDirectoryMachine
    private var subscribers: [@Sendable (NameTableUpdate) -> Void] = []
    private var toStart: [(id: UInt64, source: NameSource)]
    private var started = false
    private var stopped = false
    private var lastInstall: NIODeadline?
    private var flushing = false
    private var alarm: (time: NIODeadline, task: Scheduled<Void>)?

    /// Takes what each source knows at once; the rest begins with `start`.
    ///
    /// - Parameters:
    ///   - sources: in the order they are asked.
    ///   - loop: for the directory's own work.
    ///   - report: told what happens to the sources, on `loop` (at first on this thread).
    /// - Throws: `NameSourceError` when a file cannot be read at the start: then
    ///   the operator is there to see it. Later failures keep the last names.
    package init(
        _ sources: [NameSource],
        on loop: any EventLoop,
        report: @escaping @Sendable (NameSourceEvent) -> Void = { _ in }
    ) throws(NameSourceError) {
        self.loop = loop
        self.report = report
        var book = NameDirectoryMachine()
        self.toStart =
            book.replace(with: sources, first: try Self.initialNames(sources), now: loop.now).started
        let table = book.takeNews().news?.table ?? .empty
        let keys = Set(sources.map(\.key))
        self.published = NIOLockedValueBox(Published(table: table, statuses: book.statuses, keys: keys))
        for event in book.takeEvents() { report(event) }
        self.book = book
    }

    /// The names as they are now.
    package var table: NameTable { published.withLockedValue { $0.table } }

    /// How the sources are, in their order.
    package var statuses: [NameSourceStatus] { published.withLockedValue { $0.statuses } }

    /// Calls `subscriber` with the table there is, and with each new one.
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

    /// Stops the sources; the last table stays. Who waits for a name is told that it failed.
    package func stop() {
        loop.execute { [self] in
            guard !stopped else { return }
            stopped = true
            subscribers = []
            alarm?.task.cancel()
            alarm = nil
            if started { for (_, source) in book.sources { Self.stop(source) } }
            _ = book.replace(with: [], first: [:], now: loop.now)
            for (done, _) in book.takeNews().settled {
                done(.failed(NameProblem(.unavailable, "the name sources are stopped")))
            }
        }
    }

    /// Puts another list of sources in force. Those that are the same as before go on running.
    ///
    /// - Parameter publish: called with the table that is in force then, before the subscribers are:
    ///   for rules that belong to these names, and are to take effect at the same moment.
    /// - Throws: `NameSourceError` when a new one cannot be read; then nothing changes.
    package func replace(
        _ sources: [NameSource],
        publish: @escaping @Sendable (NameTable) -> Void = { _ in }
    ) throws(NameSourceError) {
        let known = published.withLockedValue { $0.keys }
        let first = try Self.initialNames(sources, besides: known)
        published.withLockedValue { $0.keys = Set(sources.map(\.key)) }
        loop.execute { [self] in
            guard !stopped else { return publish(table) }
            let (new, old) = book.replace(with: sources, first: first, now: loop.now)
            let waiting = Set(toStart.map(\.id))
            if started {
                for source in old { Self.stop(source) }
                begin(new)
            } else {
                let kept = Set(book.sources.map(\.id))
                toStart = toStart.filter { kept.contains($0.id) && waiting.contains($0.id) } + new
            }
            flush(publish)
            work()
        }
    }

    package func resolve(_ name: String, completion: @escaping @Sendable (NameLookup) -> Void) {
        loop.execute { [self] in
            guard !stopped else {
                return completion(.failed(NameProblem(.unavailable, "the name sources are stopped")))
            }
            book.resolve(name, now: loop.now, done: completion)
            work()
        }
    }

    /// How old the answer to `name` is, and how long it is good; nil where no source was asked for it.
    package func lifetime(of name: String, done: @escaping @Sendable (AnswerLifetime?) -> Void) {
        loop.execute { [self] in done(stopped ? nil : book.life(of: name, now: loop.now)) }
    }

    // MARK: On the loop

    private func begin(_ sources: [(id: UInt64, source: NameSource)]) {
        for (id, source) in sources {
            switch source.kind {
            case .live(let live):
                live.start { [weak self] change in
                    guard let self else { return }
                    loop.execute { [self] in
                        guard !stopped else { return }
                        book.take(change, from: id, now: loop.now)
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

    /// Does what the book has come to want.
    private func work() {
        let questions = book.takeQuestions()
        if !questions.isEmpty { put(questions) }
        for event in book.takeEvents() { report(event) }
        let statuses = book.statuses
        published.withLockedValue { $0.statuses = statuses }
        tellNews()
        setAlarm()
    }

    private func put(_ questions: [NameDirectoryMachine.Question]) {
        let sources = Dictionary(uniqueKeysWithValues: book.sources.map { ($0.id, $0.source) })
        for question in questions {
            guard case .query(let query)? = sources[question.layer]?.kind else { continue }
            query.query(question.name) { [weak self] reply in
                guard let self else { return }
                loop.execute { [self] in
                    guard !stopped else { return }
                    book.take(reply, for: question.name, from: question.layer, now: loop.now)
                    work()
                }
            }
        }
    }

    /// At once, where the last table is old enough; else a little later, with what comes meanwhile.
    private func tellNews() {
        guard book.hasNews, !flushing else { return }
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
        let (news, settled) = book.takeNews()
        if let news {
            lastInstall = loop.now
            published.withLockedValue { $0.table = news.table }
            publish(news.table)
            for subscriber in subscribers { subscriber(news) }
        }
        for (done, lookup) in settled { done(lookup) }
    }

    private func setAlarm() {
        guard let next = book.nextDeadline else { return }
        if let alarm, alarm.time <= next { return }
        alarm?.task.cancel()
        // Deadlines close to each other are one.
        let time = max(next, loop.now + NameLimits.installPause)
        let task = loop.scheduleTask(deadline: time) { [weak self] in
            guard let self, !stopped else { return }
            alarm = nil
            book.due(now: loop.now)
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
