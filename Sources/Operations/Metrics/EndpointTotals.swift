import Balancing
import Metrics
import Proxy
import ProxyCore
import Routing

/// What all event loops have counted of the endpoints, and the endpoints' state.
struct EndpointTotals {
    /// What operators mean by an endpoint: another container at the same address, or another link, is the same series.
    struct Place: Hashable {
        /// Empty: a target without a pool.
        let pool: String
        let endpoint: Endpoint

        init(_ endpoint: SharedEndpoint) {
            pool = endpoint.pool ?? ""
            self.endpoint = endpoint.endpoint
        }
    }

    /// Of all that stand for the place. Refers to none of them: there may be very many.
    struct Total {
        private(set) var figures: EndpointFigures
        /// One of them takes requests.
        private(set) var isUp: Bool
        private(set) var isDraining: Bool
        private var isDown: Bool
        private(set) var weight: Double

        fileprivate init(_ figures: EndpointFigures, _ endpoint: SharedEndpoint) {
            self.figures = figures
            let flags = endpoint.flags
            isUp = !flags.contains(.avoided)
            isDraining = flags.contains(.drains)
            isDown = !flags.isDisjoint(with: [.checkedDown, .administrativelyDown])
            weight = Double(endpoint.weight) * endpoint.share
        }

        fileprivate mutating func add(_ other: Total) {
            figures.add(other.figures)
            isUp = isUp || other.isUp
            isDraining = isDraining || other.isDraining
            isDown = isDown && other.isDown
            weight = max(weight, other.weight)
        }

        /// As `berth_pool_endpoints` has it.
        var state: String {
            if isDraining { return "drain" }
            if isUp { return "up" }
            return isDown ? "down" : "avoided"
        }
    }

    static let states = ["up", "avoided", "drain", "down"]

    private(set) var totals: [Place: Total] = [:]

    init(_ endpoints: [(endpoint: SharedEndpoint, figures: EndpointFigures)]) {
        totals.reserveCapacity(endpoints.count)
        for (endpoint, figures) in endpoints {
            let total = Total(figures, endpoint)
            if totals[Place(endpoint)]?.add(total) == nil { totals[Place(endpoint)] = total }
        }
    }

    var counts: [Place: EndpointCounts] { totals.mapValues(\.figures.counts) }
}
