import EtcdClient
import Logging
import NIOConcurrencyHelpers
import RegistryClient

/// Follows the records of one registry: lists them, and again whenever one may have changed.
final class RecordFollower: Sendable {
    /// What has become of the records.
    enum Update: Sendable {
        /// All of them.
        case records([String: ControlRecord])
        /// The registry cannot be reached, or the tier may not read them; the last ones stay in force.
        case unreadable
    }

    /// A watch is not trusted for longer without a list.
    private static let silence = Duration.seconds(15)
    /// How long further changes are waited for after one.
    private static let burst = Duration.milliseconds(10)
    /// Between two lists that are the same.
    private static let pause = Duration.milliseconds(200)

    private let entries: EtcdEntryStore
    private let logger: Logger
    private let task = NIOLockedValueBox<Task<Void, Never>?>(nil)

    /// - Parameter label: of the registry, for the log.
    init(_ entries: EtcdEntryStore, label: String, logger: Logger) {
        self.entries = entries
        var logger = logger
        logger[metadataKey: "registry"] = "\(label)"
        self.logger = logger
    }

    /// - Parameter emit: receives updates in order.
    func start(_ emit: @escaping @Sendable (Update) async -> Void) {
        task.withLockedValue { task in task = task ?? Task { await run(emit) } }
    }

    func stop() async {
        let task = task.withLockedValue { $0 }
        task?.cancel()
        await task?.value
        await entries.shutDown()
    }

    private func run(_ emit: @Sendable (Update) async -> Void) async {
        var backoff = Backoff()
        var lastProblem: String?
        var last: (values: [String: [UInt8]], records: [String: ControlRecord]) = ([:], [:])
        while !Task.isCancelled {
            do throws(EtcdEntryStore.Refusal) {
                let (values, revision) = try await entries.values(limit: KeptState.maxTargets)
                backoff.reset()
                if lastProblem != nil { logger.notice("the records of operators can be read again") }
                lastProblem = nil
                let isNew = values != last.values
                if isNew { last = (values, records(values, last: last.records)) }
                await emit(.records(last.records))
                await entries.changed(after: revision, limit: Self.silence)
                // Changes come in bursts; a watch that cannot be made ends at once.
                try? await Task.sleep(for: isNew ? Self.burst : Self.pause)
            } catch {
                if Task.isCancelled { return }
                if lastProblem != error.description {
                    logger.warning(
                        "the records of operators cannot be read; the last ones stay in force",
                        metadata: ["reason": "\(error)"]
                    )
                }
                lastProblem = error.description
                await emit(.unreadable)
                try? await Task.sleep(for: backoff.next(random: .random(in: .min ... .max)))
            }
        }
    }

    /// - Parameter last: where a record is not valid any longer, the last one stays in force.
    private func records(
        _ values: [String: [UInt8]],
        last: [String: ControlRecord]
    ) -> [String: ControlRecord] {
        var records: [String: ControlRecord] = [:]
        for (name, bytes) in values {
            do throws(RecordFlaw) {
                records[name] = try ControlRecord(decoding: bytes, of: name)
            } catch {
                records[name] = last[name]
                logger.warning(
                    "a record of operators is not valid; the last one stays in force",
                    metadata: ["target": "\(name)", "reason": "\(error)"]
                )
            }
        }
        return records
    }
}
