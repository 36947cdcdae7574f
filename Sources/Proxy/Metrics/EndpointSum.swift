import Metrics
import ProxyCore

/// Adds up what event loops have counted of endpoints that they share.
struct EndpointSum {
    private(set) var all: [(endpoint: SharedEndpoint, figures: EndpointFigures)] = []
    private var places: [ObjectIdentifier: Int] = [:]

    /// - Parameter endpoints: of the figures, in the same order; of one loop, and each once.
    mutating func add(_ figures: [EndpointFigures], of endpoints: ArraySlice<SharedEndpoint>) {
        for (endpoint, figures) in zip(endpoints, figures) {
            let id = ObjectIdentifier(endpoint)
            if let place = places[id] {
                all[place].figures.add(figures)
            } else {
                places[id] = all.count
                all.append((endpoint, figures))
            }
        }
    }

    /// What loops have counted that have forgotten the endpoint since.
    mutating func addRetired() {
        for place in all.indices { all[place].figures.counts.add(all[place].endpoint.retiredCounts) }
    }
}
