package import Balancing
import FoundationEssentials
package import Names
package import RegistryClient
import Routing
package import Settings
package import Settings

/// The entries of a prefix, one at a time: for operators who read and change them.
///
/// Each call tries one member after the other until one responds, within `limit`.
package final class EtcdEntryStore: Sendable {
    /// The time limit of one call, for all members together (10 s).
    package static let limit = Duration.seconds(10)
    /// The maximum number of leases whose remaining life a list queries; it is left out for others.
    package static let maxLeases = 1000

    package struct Entry: Sendable {
        package let name: String
        package let key: String
        package let value: String
        /// Empty when the value is not valid; `problem` then gives the reason.
        package let addresses: [NamedAddress]
        package let problem: String?
        /// The ID of its lease; 0: none, the entry stays until it is removed.
        package let lease: Int64
        /// Remaining seconds of the lease; nil: no lease, or it was not queried.
        package internal(set) var ttl: Int64?
        package let revision: Int64
        /// When the value was written, seconds since 1970, where its writer recorded it.
        package let since: Int64?
    }

    /// Why an entry was not changed.
    package enum Refusal: Error, Sendable, CustomStringConvertible {
        case exists(Entry)
        /// It has a lease: a running tier keeps it.
        case registered(Entry)
        case changed
        case value(String)
        /// etcd refuses the request, for want of a permission for example.
        case denied(String)
        case failed(String)

        package var description: String {
            switch self {
            case .exists(let entry): "\(entry.key) already exists: \(entry.value)"
            case .registered(let entry):
                "a running tier has registered \(entry.key) (its lease is alive); use --force to overwrite it"
            case .changed: "the entry was changed by another client in the meantime"
            case .value(let reason): "the value is not valid: \(reason)"
            case .denied(let reason), .failed(let reason): reason
            }
        }
    }

    let client: EtcdClient

    /// - Throws: `RegistryError` when the settings are not valid.
    package init(_ cluster: EtcdCluster) throws(RegistryError) { client = try EtcdClient(cluster) }

    package func shutDown() async { await client.shutDown() }

    /// The value of one address, for `set`; nil: `endpoint` is not valid.
    package static func value(
        _ endpoint: String,
        weight: UInt16?,
        state: EndpointSettings.AdministrativeState = .up
    ) -> String? {
        guard let endpoint = Endpoint(endpoint) else { return nil }
        return EntryValue.json(
            endpoint,
            weight: weight ?? 1,
            state: state,
            since: Int64(Date().timeIntervalSince1970)
        )
    }

    package func entry(_ name: String) async throws(Refusal) -> Entry? {
        let client = client
        let key = try key(name)
        let found = try await onSomeMember { member throws(EtcdFailure) in
            try await client.read(key, member: member)
        }
        guard let found else { return nil }
        return try await withTTL([Self.entry(found, name)]).first
    }

    /// All entries in the order of their keys, also those with invalid values.
    package func entries() async throws(Refusal) -> [Entry] {
        var entries: [Entry] = []
        var request = EtcdPageRequest(limit: 1000)
        let client = client
        while true {
            let page = request
            let response = try await onSomeMember { member throws(EtcdFailure) in
                try await client.range(page, member: member)
            }
            let found = response.kvs ?? []
            for kv in found {
                let rest = String(decoding: kv.key.dropFirst(client.keys.prefix.utf8.count), as: UTF8.self)
                entries.append(Self.entry(kv, rest))
            }
            guard response.more ?? false, let last = found.last else { return try await withTTL(entries) }
            request.from = Array(last.key) + [0]
            request.revision = request.revision ?? response.header.revision?.value
        }
    }

    /// Puts an entry.
    ///
    /// - Parameters:
    ///   - ttl: seconds after which etcd removes it; nil: it stays.
    ///   - ifAbsent: only where there is none.
    ///   - force: also in place of an entry that a running tier has registered.
    package func set(
        _ name: String,
        value: String,
        ttl: Int?,
        ifAbsent: Bool,
        force: Bool
    ) async throws(Refusal) {
        do throws(InvalidEntry) {
            _ = try EntryValue(Data(value.utf8))
        } catch {
            throw .value(error.description)
        }
        let key = try key(name)
        let client = client
        var put = EtcdPut(key: key, value: value)
        if ifAbsent {
            put.condition = .absent
        } else if !force {
            let there = try await entry(name)
            if let there, there.lease != 0 { throw .registered(there) }
            put.condition = there.map { .revision($0.revision) } ?? .absent
        }
        if let ttl {
            put.lease = try await onSomeMember { member throws(EtcdFailure) in
                try await client.grant(ttl: Int64(ttl), member: member).lease
            }
        }
        let request = [put]
        let results = try await onSomeMember { member throws(EtcdFailure) in
            try await client.put(request, member: member)
        }
        switch results.first {
        case .done: return
        case .present(let there) where ifAbsent: throw .exists(Self.entry(there, name))
        case .present, .absent, nil: throw .changed
        }
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

    func key(_ name: String) throws(Refusal) -> [UInt8] {
        let key = client.keys.key(name)
        do throws(InvalidEntry) { _ = try client.keys.name(key) } catch {
            throw .failed("'\(name)': \(error)")
        }
        return key
    }

    private static func entry(_ kv: EtcdKeyValue, _ name: String) -> Entry {
        let read = EtcdEntry(kv)
        let value = kv.printableValue(limit: EntryValue.maxBytes)
        let (addresses, since, problem): ([NamedAddress], Int64?, String?) =
            switch read.value {
            case .success(let value): (value.addresses, value.since, nil)
            case .failure(let problem): ([], nil, problem.description)
            }
        return Entry(
            name: name,
            key: read.printableKey,
            value: value,
            addresses: addresses,
            problem: problem,
            lease: read.lease,
            revision: kv.revision,
            since: since
        )
    }

    private func withTTL(_ entries: [Entry]) async throws(Refusal) -> [Entry] {
        var remaining: [Int64: Int64] = [:]
        let client = client
        for lease in Set(entries.map(\.lease)).subtracting([0]).prefix(Self.maxLeases) {
            remaining[lease] = try await onSomeMember { member throws(EtcdFailure) in
                try await client.timeToLive(lease: lease, member: member).remaining
            }
        }
        return entries.map { entry in
            var entry = entry
            entry.ttl = remaining[entry.lease]
            return entry
        }
    }

    func onSomeMember<Value: Sendable>(
        _ body: @escaping @Sendable (Int) async throws(EtcdFailure) -> Value
    ) async throws(Refusal) -> Value {
        let client = client
        var last = EtcdFailure.timeout
        let share = Self.limit / client.members
        for member in 0..<client.members {
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
                // The member refused the request; another one would refuse it too.
                if case .refused = error { break }
            } catch {
                last = .timeout
            }
        }
        if case .refused = last { throw .denied("etcd: \(last)") }
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
