import FoundationEssentials

/// Entries whose values are not addresses: texts that somebody else reads. They change only where nobody has changed them
/// meanwhile.
extension EtcdEntryStore {
    /// The largest value, bytes.
    package static let maxValueBytes = 64 << 10

    package struct Value: Sendable, Equatable {
        package let bytes: [UInt8]
        /// Of its last change.
        package let revision: Int64
    }

    /// - Returns: nil where there is none.
    package func value(of name: String) async throws(Refusal) -> Value? {
        let client = client
        let key = try key(name)
        let found = try await onSomeMember { member throws(EtcdFailure) in
            try await client.read(key, member: member)
        }
        return found.map { Value(bytes: Array($0.value ?? Data()), revision: $0.revision) }
    }

    /// Puts a value.
    ///
    /// - Parameter last: that is there; nil: there is none.
    /// - Throws: `Refusal.changed` where something else is there.
    package func put(_ value: String, of name: String, over last: Value?) async throws(Refusal) {
        let client = client
        let condition = last.map { EtcdPut.Condition.revision($0.revision) } ?? .absent
        let puts = [EtcdPut(key: try key(name), value: value, condition: condition)]
        let results = try await onSomeMember { member throws(EtcdFailure) in
            try await client.put(puts, member: member)
        }
        guard case .done? = results.first else { throw .changed }
    }

    /// Removes a value.
    ///
    /// - Throws: `Refusal.changed` where something else is there.
    package func remove(_ name: String, over last: Value) async throws(Refusal) {
        let client = client
        let key = try key(name)
        let isRemoved = try await onSomeMember { member throws(EtcdFailure) in
            try await client.delete(key, revision: last.revision, member: member)
        }
        guard isRemoved else { throw .changed }
    }

    /// All values by the rests of their keys, and the revision at which they were read.
    ///
    /// - Parameter limit: more are left out.
    package func values(limit: Int) async throws(Refusal) -> (values: [String: [UInt8]], revision: Int64) {
        var values: [String: [UInt8]] = [:]
        var request = EtcdPageRequest(limit: 500)
        let client = client
        while true {
            let page = request
            let response = try await onSomeMember { member throws(EtcdFailure) in
                try await client.range(page, member: member)
            }
            let found = response.kvs ?? []
            for entry in found where values.count < limit {
                let rest = entry.key.dropFirst(client.keys.prefix.utf8.count)
                values[String(decoding: rest, as: UTF8.self)] = Array(entry.value ?? Data())
            }
            let revision = request.revision ?? response.header.revision?.value ?? 0
            guard response.more ?? false, values.count < limit, let last = found.last else {
                return (values, revision)
            }
            request.from = Array(last.key) + [0]
            request.revision = revision
        }
    }

    /// Returns when anything may have changed after `revision`, or after `limit`.
    package func changed(after revision: Int64, limit: Duration) async {
        let client = client
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                let member = Int.random(in: 0..<client.members)
                await withTaskGroup(of: Void.self) { watch in
                    let (changes, change) = AsyncStream.makeStream(
                        of: Void.self,
                        bufferingPolicy: .bufferingOldest(1)
                    )
                    watch.addTask {
                        _ = await client.watch(from: revision + 1, member: member) { frame in
                            if !frame.events.isEmpty { change.yield() }
                        }
                        change.finish()
                    }
                    for await _ in changes { break }
                    watch.cancelAll()
                }
            }
            tasks.addTask { try? await Task.sleep(for: limit) }
            await tasks.next()
            tasks.cancelAll()
        }
    }
}
