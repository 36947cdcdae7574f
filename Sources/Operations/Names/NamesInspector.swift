package import Names
import NIOCore
import Registries
package import RoutingConfig
import Settings
import NIOConcurrencyHelpers

/// What a tier's name sources say, for operators: the same directory as a tier's, without a tier.
package final class NamesInspector: Sendable {
    private let directory: NameDirectory
    private let settings: [NameSourceSettings]
    private let limit: Duration
    private let clusters: [String: EtcdEntryStore]

    /// - Parameter limit: how long to wait for sources that have said nothing yet.
    /// - Throws: `NameSourceError` or `RegistryError`.
    package init(_ settings: [NameSourceSettings], limit: Duration) throws {
        self.settings = settings
        self.limit = limit
        let sources = NameSources.shared
        directory = try NameDirectory(try sources.make(settings), on: sources.group.next())
        var clusters: [String: EtcdEntryStore] = [:]
        for case .etcd(let etcd, origin: _) in settings {
            clusters["etcd \(etcd.cluster.prefix)"] = try EtcdEntryStore(etcd.cluster)
        }
        self.clusters = clusters
        directory.start()
    }

    package func stop() async {
        directory.stop()
        for entries in clusters.values { await entries.shutDown() }
    }

    /// Returns when no live source is cold any more, or after the limit.
    package func settle() async {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let cold = directory.table.layers.contains { if case .cold = $0.content { true } else { false } }
            if !cold { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// What an operator has to know of the sources; empty when all are well.
    package var troubles: [String] {
        directory.statuses.compactMap { status in
            switch status.state {
            case .up: nil
            case .down(let reason): "\(status.source) is down: \(reason)"
            case .cold: directory.isLive(status.source) ? "\(status.source) has not answered" : nil
            }
        }
    }

    /// The names that sources hold, in order; the same name of a later source is marked as hidden.
    package func rows() async -> [NameListing] {
        var seen: Set<String> = []
        var rows: [NameListing] = []
        let ages = EntryAges(settings)
        for (index, layer) in directory.table.layers.enumerated() {
            guard let held = layer.held else { continue }
            let entries = await entries(of: layer.source)
            for (name, addresses) in held where !addresses.isEmpty {
                rows.append(
                    NameListing(
                        name: name,
                        source: layer.source,
                        addresses: addresses,
                        ttl: entries[name]?.ttl,
                        age: ages.age(addresses, source: index, since: entries[name]?.since),
                        hidden: !seen.insert(name).inserted
                    )
                )
            }
        }
        return rows
    }

    /// One name as a request would find it.
    package func row(_ name: String) async -> Result<NameListing?, NameProblem> {
        var lookup = directory.table.lookUp(name)
        if case .unresolved = lookup {
            lookup = await withCheckedContinuation { done in
                directory.resolve(name) { done.resume(returning: $0) }
            }
        }
        switch lookup {
        case .known(let answer):
            var (ttl, since): (Int64?, Int64?)
            if let entries = clusters[answer.source], let entry = try? await entries.entry(name) {
                (ttl, since) = (entry.ttl, entry.since)
            }
            let source = directory.table.layers.firstIndex { $0.source == answer.source && $0.holds(name) }
            var age = EntryAges(settings).age(answer.addresses, source: source ?? -1, since: since)
            if let life = await life(of: name) {
                age = life.age.components.seconds
                // The last second counts as one.
                ttl = (life.left + .milliseconds(999)).components.seconds
            }
            return .success(
                NameListing(
                    name: name,
                    source: answer.source,
                    addresses: answer.addresses,
                    ttl: ttl,
                    age: age,
                    hidden: false
                )
            )
        case .unknown, .unresolved: return .success(nil)
        case .failed(let problem): return .failure(problem)
        }
    }

    /// What there is, and then what changes, until the task is cancelled.
    package func changes() -> AsyncStream<NameRowChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: NameRowChange.self)
        // With each row: whether a source had not spoken yet, which hides what later sources know.
        let last = NIOLockedValueBox<(known: [String: NameListing], wasCold: Bool)>(([:], true))
        directory.subscribe { news in
            let table = news.table
            last.withLockedValue { last in
                let isCold = table.layers.contains { if case .cold = $0.content { true } else { false } }
                let all = news.changed == nil || (last.wasCold && !isCold)
                last.wasCold = isCold
                var names = (news.changed ?? []).union(all ? Set(last.known.keys) : [])
                if all {
                    for layer in table.layers {
                        for (name, _) in layer.held ?? [] { names.insert(name) }
                    }
                }
                for name in names.sorted() {
                    guard let answer = table.lookUp(name).resolved else {
                        if let row = last.known.removeValue(forKey: name) {
                            continuation.yield(.removed(row))
                        }
                        continue
                    }
                    let row = NameListing(
                        name: name,
                        source: answer.source,
                        addresses: answer.addresses,
                        ttl: nil,
                        age: nil,
                        hidden: false
                    )
                    if last.known.updateValue(row, forKey: name) != row { continuation.yield(.set(row)) }
                }
            }
        }
        return stream
    }

    private func life(of name: String) async -> AnswerLifetime? {
        await withCheckedContinuation { done in directory.life(of: name) { done.resume(returning: $0) } }
    }

    /// What a registry knows beside addresses, by the entry's name.
    private func entries(of source: String) async -> [String: EtcdEntryStore.Entry] {
        guard let entries = clusters[source], let all = try? await entries.entries() else { return [:] }
        return Dictionary(all.map { ($0.name, $0) }) { $1 }
    }
}

extension NameDirectory {
    /// Whether the source holds all its names; otherwise it is cold until somebody asks.
    fileprivate func isLive(_ source: String) -> Bool {
        table.layers.contains { layer in
            guard layer.source == source else { return false }
            if case .answers = layer.content { return false }
            return true
        }
    }
}
