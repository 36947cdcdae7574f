import EtcdClient
package import Names
import NIOConcurrencyHelpers
import NIOCore
package import RoutingConfig
import Settings

/// The names of a tier's sources, for operators: the same directory as a tier's, without a tier.
package final class NamesInspector: Sendable {
    private let directory: NameDirectory
    private let settings: [NameSourceSettings]
    private let limit: Duration
    /// The registries of sources, by the source's index: labels need not be unique.
    private let stores: [Int: EtcdEntryStore]
    private let reports = NIOLockedValueBox<[String]>([])
    /// The maximum number of reports that are kept.
    private static let maxReports = 1000

    /// - Parameter limit: how long to wait for sources that have not emitted anything yet.
    /// - Throws: `NameSourceError` or `RegistryError`.
    package init(_ settings: [NameSourceSettings], limit: Duration) throws {
        self.settings = settings
        self.limit = limit
        let sources = NameSources.shared
        let reports = reports
        directory = try NameDirectory(try sources.make(settings), on: sources.group.next()) { event in
            switch event {
            case .problem(let source, let text), .warning(let source, let text):
                reports.withLockedValue { if $0.count < Self.maxReports { $0.append("\(source): \(text)") } }
            case .loaded, .down, .up, .expired: break
            }
        }
        var stores: [Int: EtcdEntryStore] = [:]
        for (index, source) in settings.enumerated() {
            if case .etcd(let etcd, origin: _) = source {
                stores[index] = try EtcdEntryStore(etcd.cluster)
            }
        }
        self.stores = stores
        directory.start()
    }

    package func stop() async {
        directory.stop()
        for store in stores.values { await store.shutDown() }
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

    /// What the sources have reported of names and entries: skipped ones, names that are not served.
    package var warnings: [String] { reports.withLockedValue { $0 } }

    /// The problems of the sources; empty when there are none.
    package var problems: [String] {
        zip(directory.statuses, directory.table.layers).compactMap { status, layer in
            switch (status.state, layer.content) {
            case (.up, _), (.cold, .answers): nil
            case (.down(let reason), _): "\(status.source) is down: \(reason)"
            case (.cold, _): "\(status.source) has not responded"
            }
        }
    }

    /// The names that sources hold, in order; the same name of a later source is marked as hidden.
    package func listings() async -> [NameListing] {
        var seen: Set<String> = []
        var listings: [NameListing] = []
        let ages = EntryAges(settings)
        for (index, layer) in directory.table.layers.enumerated() {
            guard let held = layer.held else { continue }
            let entries = await entries(ofSource: index)
            for (name, addresses) in held where !addresses.isEmpty {
                listings.append(
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
        return listings
    }

    /// One name as a request would resolve it; nil: no source knows it.
    package func listing(of name: String) async -> Result<NameListing?, NameProblem> {
        var lookup = directory.table.lookUp(name)
        if case .unresolved = lookup {
            lookup = await withCheckedContinuation { continuation in
                directory.resolve(name) { continuation.resume(returning: $0) }
            }
        }
        switch lookup {
        case .known(let resolved):
            let source = directory.table.layer(of: name)
            var (ttl, since): (Int64?, Int64?)
            if let store = source.flatMap({ stores[$0] }), let entry = try? await store.entry(name) {
                (ttl, since) = (entry.ttl, entry.since)
            }
            var age = EntryAges(settings).age(resolved.addresses, source: source ?? -1, since: since)
            if let lifetime = await lifetime(of: name) {
                age = lifetime.age.components.seconds
                // The last second counts as one.
                ttl = (lifetime.left + .milliseconds(999)).components.seconds
            }
            return .success(
                NameListing(
                    name: name,
                    source: resolved.source,
                    addresses: resolved.addresses,
                    ttl: ttl,
                    age: age,
                    hidden: false
                )
            )
        case .unknown, .unresolved: return .success(nil)
        case .failed(let problem): return .failure(problem)
        }
    }

    /// The names as they are, and then each change, until the task is cancelled.
    package func changes() -> AsyncStream<NameListingChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: NameListingChange.self)
        // A source that is cold hides what later sources know.
        let last = NIOLockedValueBox<(known: [String: NameListing], wasCold: Bool)>(([:], true))
        directory.subscribe { update in
            let table = update.table
            last.withLockedValue { last in
                let isCold = table.layers.contains { if case .cold = $0.content { true } else { false } }
                let all = update.changed == nil || (last.wasCold && !isCold)
                last.wasCold = isCold
                var names = (update.changed ?? []).union(all ? Set(last.known.keys) : [])
                if all {
                    for layer in table.layers { names.formUnion(layer.heldNames) }
                }
                for name in names.sorted() {
                    guard let resolved = table.lookUp(name).resolved else {
                        if let listing = last.known.removeValue(forKey: name) {
                            continuation.yield(.removed(listing))
                        }
                        continue
                    }
                    let listing = NameListing(
                        name: name,
                        source: resolved.source,
                        addresses: resolved.addresses,
                        ttl: nil,
                        age: nil,
                        hidden: false
                    )
                    if last.known.updateValue(listing, forKey: name) != listing {
                        continuation.yield(.set(listing))
                    }
                }
            }
        }
        return stream
    }

    private func lifetime(of name: String) async -> AnswerLifetime? {
        await withCheckedContinuation { continuation in
            directory.lifetime(of: name) { continuation.resume(returning: $0) }
        }
    }

    /// The entries of a source's registry, by their names.
    private func entries(ofSource index: Int) async -> [String: EtcdEntryStore.Entry] {
        guard let store = stores[index], let all = try? await store.entries() else { return [:] }
        return Dictionary(all.map { ($0.name, $0) }) { $1 }
    }
}
