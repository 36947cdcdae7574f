import Names
import NIOCore
import Routing
import RoutingConfig

/// The names that a tier has loaded, as `GET /names` shows them. Fields are added, never renamed or removed.
package struct LoadedNames: Codable, Sendable, Equatable {
    package struct Name: Codable, Sendable, Equatable {
        package var name: String
        package var source: String
        /// `10.0.0.2:8080`, or `10.0.0.2` where the rule has the port.
        package var endpoints: [String]
        /// What the source states of them, by the endpoint: `drain`, `backup`, …; nil: nothing of any.
        package var remarks: [String: [String]]?
        /// Since the entry last changed; nil: unknown.
        package var ageSeconds: Double?
        /// An earlier source has this name too, and takes precedence.
        package var hidden: Bool
    }

    package var names: [Name]
    /// All that match, whatever `limit` is.
    package var total: Int
}

/// `GET /names?source=&prefix=&limit=`
struct NamesControl: Sendable {
    /// Names in a response where there is no `limit`, and the most.
    static let usualLimit = 1000
    static let maxLimit = 100_000

    let admin: TierAdmin

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/names", .read, "The names that the name sources have loaded.") {
                request async throws(ControlRefusal) in
                let limit = try request.limit(default: Self.usualLimit, most: Self.maxLimit)
                return .value(
                    await names(
                        source: request.query["source"],
                        prefix: request.query["prefix"]?.lowercased() ?? "",
                        limit: limit ?? Self.usualLimit
                    )
                )
            }
        ]
    }

    private func names(source: String?, prefix: String, limit: Int) async -> LoadedNames {
        let layers = admin.names.table.layers
        let settings = admin.rules.configuration.names
        // Sources of the tier itself come before those of the rule files.
        let first = layers.count - settings.count
        let ages = EntryAges(settings)
        var found: [(name: String, index: Int, addresses: [NamedAddress])] = []
        for (index, layer) in layers.enumerated() where source == nil || Self.is(layer, source ?? "") {
            for (name, addresses) in layer.known where name.hasPrefix(prefix) && !addresses.isEmpty {
                found.append((name, index, addresses))
            }
        }
        found.sort { ($0.name, $0.index) < ($1.name, $1.index) }
        var names: [LoadedNames.Name] = []
        for (name, index, addresses) in found.prefix(limit) {
            var age = ages.age(addresses, source: index - first, since: nil).map { Double($0) }
            if case .answers = layers[index].content { age = await answerAge(of: name) }
            let remarks = addresses.filter { !$0.remarks.isEmpty }.map {
                (NameListing.location($0), $0.remarks)
            }
            names.append(
                LoadedNames.Name(
                    name: name,
                    source: layers[index].source,
                    endpoints: addresses.map(NameListing.location),
                    remarks: remarks.isEmpty ? nil : Dictionary(remarks) { first, _ in first },
                    ageSeconds: age,
                    hidden: layers[..<index].contains { $0.holds(name) }
                )
            )
        }
        return LoadedNames(names: names, total: found.count)
    }

    /// Whether a layer is of a source: by its whole label, or its kind.
    private static func `is`(_ layer: NameLayer, _ source: String) -> Bool {
        layer.source == source || layer.source.hasPrefix(source + " ")
    }

    private func answerAge(of name: String) async -> Double? {
        let names = admin.names
        let lifetime = await withCheckedContinuation { continuation in
            names.lifetime(of: name) { continuation.resume(returning: $0) }
        }
        return lifetime.map { TimeAmount($0.age).seconds }
    }
}

extension NameLayer {
    /// All names with addresses that it has, in any order: also the answers of a query source.
    fileprivate var known: [(name: String, addresses: [NamedAddress])] {
        switch content {
        case .names(let names): names.map { ($0.key, $0.value) }
        case .answers(let answers):
            answers.compactMap { name, answer in
                if case .addresses(let addresses, _) = answer { (name, addresses) } else { nil }
            }
        case .cold, .failed: []
        }
    }
}
