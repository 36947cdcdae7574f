import EtcdClient
import Names
import RegistryClient
import SystemSupport

/// Runs the watch machine of one source, and keeps its names in a file.
actor EtcdNameFollower {
    private let client: EtcdClient
    private let file: SnapshotFile?
    private let writer: SnapshotWriter?
    private let maxEndpoints: Int
    private let emit: @Sendable (NameSourceUpdate) -> Void
    private var runner: MachineRunner<EtcdWatchMachine>?
    private var hasStopped = false

    init(
        client: EtcdClient,
        file: SnapshotFile?,
        maxEndpoints: Int,
        emit: @escaping @Sendable (NameSourceUpdate) -> Void
    ) {
        self.maxEndpoints = maxEndpoints
        self.client = client
        self.file = file
        self.emit = emit
        writer = file.map { file in
            SnapshotWriter(file) { emit(.problem("\($0); the names are not kept for the next start")) }
        }
    }

    func start() async {
        guard !hasStopped else { return }
        let (client, writer, emit) = (client, writer, emit)
        var settings = EtcdWatchMachine.Settings()
        settings.members = client.members
        settings.authenticates = client.authenticates
        settings.maxEndpoints = maxEndpoints
        let machine = EtcdWatchMachine(
            keys: client.keys,
            settings: settings,
            kept: keptNames(),
            firstMember: .random(in: 0..<client.members)
        )
        let runner = MachineRunner(machine) { token, request, feed in
            await client.perform(request, token, feed)
        } emit: { update in
            emit(update)
            switch update {
            case .snapshot, .update: writer?.namesChanged()
            case .down, .problem, .warning: break
            }
        }
        self.runner = runner
        await writer?.start { await runner.read { $0.names } }
        await runner.handle(.started)
    }

    func stop() async {
        hasStopped = true
        await runner?.stop()
        await writer?.stop()
        await client.shutDown()
    }

    private func keptNames() -> [String: [NamedAddress]]? {
        do throws(FileError) {
            return try file?.read()
        } catch {
            emit(.problem("\(error); the kept names are not used"))
            return nil
        }
    }
}

extension EtcdClient {
    /// Performs one request of the watch machine.
    ///
    /// - Parameter feed: receives the messages of a watch.
    fileprivate func perform(
        _ request: EtcdWatchMachine.Request,
        _ token: RequestToken,
        _ feed: @Sendable (EtcdWatchMachine.Event) async -> Void
    ) async -> EtcdWatchMachine.Event {
        let member = token.member
        do throws(EtcdFailure) {
            switch request {
            case .authenticate:
                try await authenticate(member: member)
                return .authenticated(token)
            case .list(let page):
                return .page(token, try await list(page, member: member))
            case .probe:
                let (cluster, revision) = try await storeRevision(member: member)
                return .probed(token, cluster: cluster, revision: revision)
            case .watch(let revision):
                throw await watch(from: revision, member: member) { await feed(.frame(token, $0)) }
            }
        } catch {
            return .failed(token, error)
        }
    }
}
