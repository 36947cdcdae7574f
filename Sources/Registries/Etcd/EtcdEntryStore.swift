import Foundation
package import Names
import Routing
package import Settings

/// The entries of a prefix, one at a time: for operators who look at them and change them.
///
/// Each call asks one member after the other until one answers, within `limit`.
package final class EtcdEntryStore: Sendable {
    /// The bound of one call, for all members together (10 s).
    package static let limit = Duration.seconds(10)
    /// Leases whose remaining life a list asks for; beyond it is left out.
    package static let maxLeases = 1000

    package struct Entry: Sendable {
        package let name: String
        package let key: String
        package let value: String
        /// Empty when the value says nothing; then `problem` tells why.
        package let addresses: [NamedAddress]
        package let problem: String?
        /// 0: none, the entry stays until it is removed.
        package let lease: Int64
        /// Seconds that are left of the lease; nil: no lease, or it was not asked for.
        package internal(set) var ttl: Int64?
        package let revision: Int64
        /// When the value was written, seconds since 1970, where its writer says so.
        package let since: Int64?
    }

    /// Why an entry was not changed.
    package enum Refusal: Error, Sendable, CustomStringConvertible {
        /// There is one already.
        case exists(Entry)
        /// A tier that serves has registered it.
        case registered(Entry)
        case changed
        case value(String)
        case failed(String)

        package var description: String {
            switch self {
            case .exists(let entry): "\(entry.key) is there already: \(entry.value)"
            case .registered(let entry):
                "\(entry.key) is registered by a tier that serves (its lease lives); --force changes it all the same"
            case .changed: "the entry was changed by somebody else meanwhile"
            case .value(let reason): "the value can't be used: \(reason)"
            case .failed(let reason): reason
            }
        }
    }

    private let client: EtcdClient

    /// - Throws: `RegistryError` when the settings can't be used.
    package init(_ cluster: EtcdCluster) throws(RegistryError) { client = try EtcdClient(cluster) }

    package func shutDown() async { await client.shutDown() }

    /// The value of one address, as `set` takes it.
    package static func value(_ endpoint: String, weight: UInt16?) -> String? {
        guard let endpoint = Endpoint(endpoint) else { return nil }
        return EntryValue.json(endpoint, weight: weight ?? 1, since: Int64(Date().timeIntervalSince1970))
    }

    package func entry(_ name: String) async throws(Refusal) -> Entry? {
        let client = client
        let key = try key(name)
        let found = try await onSomeMember { member throws(EtcdFailure) in
            try await client.read(key, member: member).kvs?.first
        }
        guard let found else { return nil }
        return try await withTTL([Self.entry(found, name)]).first
    }

    /// All entries, in the order of their keys, with those that say nothing.
    package func entries() async throws(Refusal) -> [Entry] {
        var entries: [Entry] = []
        var request = EtcdWatchMachine.PageRequest(limit: 1000)
        let client = client
        while true {
            let now = request
            let answer = try await onSomeMember { member throws(EtcdFailure) in
                try await client.rawList(now, member: member)
            }
            let found = answer.kvs ?? []
            for kv in found {
                let rest = String(decoding: kv.key.dropFirst(client.cluster.prefix.utf8.count), as: UTF8.self)
                entries.append(Self.entry(kv, rest))
            }
            guard answer.more ?? false, let last = found.last else { return try await withTTL(entries) }
            request.from = Array(last.key) + [0]
            request.revision = request.revision ?? answer.header.revision?.value
        }
    }

    /// Puts an entry.
    ///
    /// - Parameters:
    ///   - ttl: seconds after which it goes by itself; nil: it stays.
    ///   - ifAbsent: only where there is none.
    ///   - force: also over one that a tier has registered.
    package func set(
        _ name: String,
        value: String,
        ttl: Int?,
        ifAbsent: Bool,
        force: Bool
    ) async throws(Refusal) {
        do throws(EntryValue.Problem) {
            _ = try EntryValue(Data(value.utf8))
        } catch {
            throw .value(error.description)
        }
        let key = try key(name)
        let client = client
        var put = EtcdClient.Put(key: key, value: value)
        if ifAbsent {
            put.onlyOver = 0
        } else if !force {
            let there = try await entry(name)
            if let there, there.lease != 0 { throw .registered(there) }
            put.onlyOver = there?.revision ?? 0
        }
        if let ttl {
            put.lease = try await onSomeMember { member throws(EtcdFailure) in
                try await client.grant(ttl: Int64(ttl), member: member).lease
            }
        }
        let wanted = put
        let there = try await onSomeMember { member throws(EtcdFailure) in
            try await client.put(wanted, member: member)
        }
        guard let there else { return }
        throw ifAbsent ? .exists(Self.entry(there, name)) : .changed
    }

    /// - Returns: whether there was one.
    package func remove(_ name: String) async throws(Refusal) -> Bool {
        let key = try key(name)
        let client = client
        return try await onSomeMember { member throws(EtcdFailure) in
            try await client.delete(key, member: member)
        }
    }

    // MARK: Pieces

    private func key(_ name: String) throws(Refusal) -> [UInt8] {
        let key = client.keys.key(name)
        do throws(EntryValue.Problem) { _ = try client.keys.name(key) } catch {
            throw .failed("'\(name)': \(error)")
        }
        return key
    }

    private static func entry(_ kv: EtcdKeyValue, _ name: String) -> Entry {
        let read = EtcdEntry(kv)
        let value = EtcdEntry.shown(Array(kv.value ?? Data()), limit: EntryValue.maxBytes)
        let (addresses, since, problem): ([NamedAddress], Int64?, String?) =
            switch read.value {
            case .success(let value): (value.addresses, value.since, nil)
            case .failure(let problem): ([], nil, problem.description)
            }
        return Entry(
            name: name,
            key: read.shownKey,
            value: value,
            addresses: addresses,
            problem: problem,
            lease: read.lease,
            revision: kv.mod_revision?.value ?? 0,
            since: since
        )
    }

    private func withTTL(_ entries: [Entry]) async throws(Refusal) -> [Entry] {
        var left: [Int64: Int64] = [:]
        let client = client
        for lease in Set(entries.map(\.lease)).subtracting([0]).prefix(Self.maxLeases) {
            left[lease] = try await onSomeMember { member throws(EtcdFailure) in
                try await client.timeToLive(lease: lease, member: member).left
            }
        }
        return entries.map { entry in
            var entry = entry
            entry.ttl = left[entry.lease]
            return entry
        }
    }

    private func onSomeMember<Value: Sendable>(
        _ body: @escaping @Sendable (Int) async throws(EtcdFailure) -> Value
    ) async throws(Refusal) -> Value {
        let client = client
        var last = EtcdFailure.timeout
        let share = Self.limit / client.cluster.endpoints.count
        for member in client.cluster.endpoints.indices {
            do {
                return try await Self.within(share) {
                    do throws(EtcdFailure) {
                        if client.authenticates, !client.hasToken {
                            try await client.authenticate(member: member)
                        }
                        return try await body(member)
                    } catch {
                        guard case .unauthenticated = error, client.authenticates else { throw error }
                        try await client.authenticate(member: member)
                        return try await body(member)
                    }
                }
            } catch let error as EtcdFailure {
                last = error
                // It was asked and said no: another would say the same.
                if case .refused = error { break }
            } catch {
                last = .timeout
            }
        }
        throw .failed("etcd: \(last)")
    }

    private static func within<Value: Sendable>(
        _ limit: Duration,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw EtcdFailure.timeout
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw EtcdFailure.timeout }
            return first
        }
    }
}
