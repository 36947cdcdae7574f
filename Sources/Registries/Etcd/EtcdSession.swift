import Names
import Settings

/// The thin shell around `EtcdWatchMachine`: carries its actions out and brings back what came of them.
actor EtcdSession {
    private let client: EtcdClient
    private let changed: @Sendable (NameSourceUpdate) -> Void
    private let start = ContinuousClock.now
    private var machine: EtcdWatchMachine
    private var exchanges: [EtcdWatchMachine.Exchange: Task<Void, Never>] = [:]
    private var timer: Task<Void, Never>?

    private let file: SnapshotFile?
    /// The names of an earlier life; told only when etcd can't be reached at the start.
    private var kept: [String: [NamedAddress]]?
    private var isDirty = false
    private var saver: Task<Void, Never>?
    private var lastSave: ContinuousClock.Instant?
    private var saidFileFailure = false
    private var stopped = false

    /// The time between two writes of the snapshot file: what is lost when the machine dies.
    static let saveInterval = Duration.seconds(5)
    /// The first write waits for what comes together.
    static let saveDelay = Duration.milliseconds(100)

    init(client: EtcdClient, file: SnapshotFile?, changed: @escaping @Sendable (NameSourceUpdate) -> Void) {
        self.client = client
        self.file = file
        self.changed = changed
        var settings = EtcdWatchMachine.Settings()
        settings.members = client.cluster.endpoints.count
        settings.authenticates = client.authenticates
        machine = EtcdWatchMachine(
            keys: client.keys,
            settings: settings,
            firstMember: .random(in: 0..<settings.members)
        )
    }

    func begin() {
        do throws(NameFileError) {
            kept = try file?.read()
        } catch {
            changed(.problem("\(error); the kept names are not used"))
        }
        handle(.started)
    }

    func handle(_ event: EtcdWatchMachine.Event) {
        let actions = machine.handle(
            event,
            now: ContinuousClock.now - start,
            random: .random(in: .min ... .max)
        )
        for action in actions { perform(action) }
    }

    func stop() async {
        stopped = true
        handle(.stopped)
        timer?.cancel()
        saver?.cancel()
        if isDirty { await save() }
        await client.shutDown()
    }

    // MARK: News

    private func tell(_ change: NameSourceUpdate) {
        switch change {
        case .snapshot, .update:
            kept = nil
            markDirty()
        case .down:
            // Nothing was heard yet: what was known once serves.
            if let names = kept {
                kept = nil
                machine.names = names
                changed(.snapshot(names))
            }
        case .problem: break
        }
        changed(change)
    }

    private func markDirty() {
        guard file != nil else { return }
        isDirty = true
        guard saver == nil, !stopped else { return }
        let earliest = ContinuousClock.now + Self.saveDelay
        let at = max(earliest, lastSave.map { $0 + Self.saveInterval } ?? earliest)
        saver = Task {
            guard (try? await Task.sleep(until: at, clock: .continuous)) != nil else { return }
            await self.save()
            self.saved()
        }
    }

    private func saved() {
        saver = nil
        if isDirty { markDirty() }
    }

    private func save() async {
        guard let file else { return }
        isDirty = false
        lastSave = .now
        let names = machine.names
        let failure = await Task.detached { () -> NameFileError? in
            do throws(NameFileError) { try file.write(names) } catch { return error }
            return nil
        }.value
        if let failure, !saidFileFailure {
            changed(.problem("\(failure); the names are not kept for the next start"))
        }
        saidFileFailure = failure != nil
    }

    // MARK: Actions

    private func perform(_ action: EtcdWatchMachine.Action) {
        let client = client
        switch action {
        case .tell(let change): tell(change)
        case .cancel(let exchange): exchanges.removeValue(forKey: exchange)?.cancel()
        case .wake(let moment):
            timer?.cancel()
            let at = start + moment
            timer = Task {
                guard (try? await Task.sleep(until: at, clock: .continuous)) != nil else { return }
                self.handle(.timer)
            }
        case .authenticate(let exchange):
            run(exchange) { () throws(EtcdFailure) in
                try await client.authenticate(member: exchange.member)
                return .authenticated(exchange)
            }
        case .list(let exchange, let request):
            run(exchange) { () throws(EtcdFailure) in
                .page(exchange, try await client.list(request, member: exchange.member))
            }
        case .probe(let exchange):
            run(exchange) { () throws(EtcdFailure) in
                let answer = try await client.read(Array(client.cluster.prefix.utf8), member: exchange.member)
                return .probed(
                    exchange,
                    cluster: answer.header.cluster_id ?? "",
                    revision: answer.header.revision?.value ?? 0
                )
            }
        case .watch(let exchange, let revision):
            run(exchange) { () throws(EtcdFailure) in
                // One message after the other: the stream is read no faster than its news are taken.
                let failure = await client.watch(from: revision, member: exchange.member) { frame in
                    await self.handle(.frame(exchange, frame))
                }
                throw failure
            }
        }
    }

    private func run(
        _ exchange: EtcdWatchMachine.Exchange,
        _ body: @escaping @Sendable () async throws(EtcdFailure) -> EtcdWatchMachine.Event
    ) {
        exchanges[exchange] = Task {
            let event: EtcdWatchMachine.Event
            do throws(EtcdFailure) { event = try await body() } catch { event = .failed(exchange, error) }
            self.exchanges[exchange] = nil
            self.handle(event)
        }
    }
}
