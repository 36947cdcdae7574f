import Names
import NIOConcurrencyHelpers
import SystemSupport

/// Writes the names of a source to its snapshot file, some time after they have changed.
actor SnapshotWriter {
    /// The minimum time between two writes: the changes that are lost when the machine dies.
    static let interval = Duration.seconds(5)
    /// The delay of the first write, so that it includes changes that arrive together.
    static let delay = Duration.milliseconds(100)

    private let file: SnapshotFile
    private let report: @Sendable (FileError) -> Void
    private let isDirty = NIOLockedValueBox(false)
    private var names: @Sendable () async -> [String: [NamedAddress]] = { [:] }
    private var pending: Task<Void, Never>?
    private var lastWrite: ContinuousClock.Instant?
    private var hasReported = false
    private var hasStopped = false

    /// - Parameter report: called for the first write that fails, and again after one that succeeded.
    init(_ file: SnapshotFile, report: @escaping @Sendable (FileError) -> Void) {
        self.file = file
        self.report = report
    }

    /// - Parameter names: reads the names as they are.
    func start(names: @escaping @Sendable () async -> [String: [NamedAddress]]) {
        self.names = names
    }

    /// Any thread.
    nonisolated func namesChanged() {
        let wasDirty = isDirty.withLockedValue { isDirty in
            defer { isDirty = true }
            return isDirty
        }
        if !wasDirty { Task { await schedule() } }
    }

    /// Writes what has not been written.
    func stop() async {
        hasStopped = true
        pending?.cancel()
        if isDirty.withLockedValue({ $0 }) { await write() }
    }

    private func schedule() {
        guard pending == nil, !hasStopped else { return }
        let earliest = ContinuousClock.now + Self.delay
        let at = max(earliest, lastWrite.map { $0 + Self.interval } ?? earliest)
        pending = Task {
            guard (try? await Task.sleep(until: at, clock: .continuous)) != nil else { return }
            await self.write()
            self.pending = nil
            if self.isDirty.withLockedValue({ $0 }) { self.schedule() }
        }
    }

    private func write() async {
        isDirty.withLockedValue { $0 = false }
        lastWrite = .now
        let (file, names) = (file, await names())
        let failure = await Task.detached { () -> FileError? in
            do throws(FileError) { try file.write(names) } catch { return error }
            return nil
        }.value
        if let failure, !hasReported { report(failure) }
        hasReported = failure != nil
    }
}
