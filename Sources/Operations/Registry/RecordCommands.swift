import EtcdClient
import FoundationEssentials
package import RegistryClient
package import Settings

/// Changes the records of targets in a registry, for all tiers that follow it.
package struct RecordCommands: Sendable {
    /// Attempts where somebody else changes the same record.
    private static let attempts = 5

    /// Why nothing was changed.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
        /// 1: there is nothing to change; 2: it cannot be changed.
        package let exitCode: Int32

        init(_ description: String, exitCode: Int32 = 2) {
            self.description = description
            self.exitCode = exitCode
        }
    }

    private let entries: EtcdEntryStore

    /// - Throws: `RegistryError` when the settings are not valid.
    package init(_ cluster: EtcdCluster) throws(RegistryError) { entries = try EtcdEntryStore(cluster) }

    package func shutDown() async { await entries.shutDown() }

    package func pause(_ name: String, max: Duration) async throws(Problem) {
        try await hold(.paused(max: max / .seconds(1)), name)
    }

    package func stop(_ name: String, message: String?) async throws(Problem) {
        try await hold(.stopped(message: message), name)
    }

    package func resume(_ name: String) async throws(Problem) {
        try await change(name) { (record) throws(Problem) in
            guard record.hold != nil else {
                throw Problem("'\(name)' is neither paused nor stopped in the registry", exitCode: 1)
            }
            record.hold = nil
        }
    }

    private func hold(_ hold: ControlRecord.Hold, _ name: String) async throws(Problem) {
        try await change(name) { (record) throws(Problem) in record.hold = hold }
    }

    func record(of name: String) async throws(Problem) -> ControlRecord {
        try await read(name).record
    }

    private func read(
        _ name: String
    ) async throws(Problem) -> (record: ControlRecord, value: EtcdEntryStore.Value?) {
        let value: EtcdEntryStore.Value?
        do throws(EtcdEntryStore.Refusal) { value = try await entries.value(of: name) } catch {
            throw Problem(error.description)
        }
        guard let value else { return (ControlRecord(), nil) }
        do throws(RecordFlaw) {
            return (try ControlRecord(decoding: value.bytes, of: name), value)
        } catch {
            throw Problem("the registry's record of '\(name)' is not valid: \(error)")
        }
    }

    /// Changes a record, where nobody else changes it meanwhile; else again.
    func change(
        _ text: String,
        _ body: (inout ControlRecord) throws(Problem) -> Void
    ) async throws(Problem) {
        let name: String
        do throws(RecordFlaw) { name = try ControlRecord.name(text) } catch {
            throw Problem(error.description)
        }
        for _ in 0..<Self.attempts {
            let (last, value) = try await read(name)
            var record = last
            try body(&record)
            if record == last { return }
            do throws(EtcdEntryStore.Refusal) {
                if !record.isEmpty {
                    do throws(RecordFlaw) { try record.validate(name) } catch {
                        throw EtcdEntryStore.Refusal.value(error.description)
                    }
                    try await entries.put(record.encoded(), of: name, over: value)
                } else if let value {
                    try await entries.remove(name, over: value)
                }
                return
            } catch {
                guard case .changed = error else { throw Problem(error.description) }
            }
        }
        throw Problem("others change the record of '\(name)' at the same time; run the command again")
    }
}
