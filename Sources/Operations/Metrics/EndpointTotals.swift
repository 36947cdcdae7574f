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

    struct Total {
        var counts = EndpointCounts()
        var requestsInFlight = 0
        /// Never empty.
        var endpoints: [SharedEndpoint]

        mutating func add(_ figures: EndpointFigures, _ endpoint: SharedEndpoint) {
            counts.add(figures.counts)
            requestsInFlight += figures.requestsInFlight
            guard !endpoints.contains(where: { $0 === endpoint }) else { return }
            endpoints.append(endpoint)
            counts.add(endpoint.retiredCounts)
        }

        /// One of those that stand for the place takes requests.
        var isUp: Bool { endpoints.contains { !$0.isAvoided } }
        var isDraining: Bool { endpoints.contains { $0.flags.contains(.drains) } }
        var weight: Double {
            endpoints.map { Double($0.health.weight) * $0.share }.max() ?? 0
        }

        /// As `berth_pool_endpoints` has it.
        var state: String {
            if isDraining { return "drain" }
            if isUp { return "up" }
            let isDown = endpoints.allSatisfy {
                !$0.flags.isDisjoint(with: [.checkedDown, .administrativelyDown])
            }
            return isDown ? "down" : "avoided"
        }
    }

    static let states = ["up", "avoided", "drain", "down"]

    private(set) var totals: [Place: Total] = [:]

    init(_ loops: [LoopFigures]) {
        let figures = loops.compactMap(\.requests).map(\.endpoints)
        totals.reserveCapacity(figures.map(\.count).max() ?? 0)
        for figures in figures.joined() {
            let endpoint = figures.endpoint
            totals[Place(endpoint), default: Total(endpoints: [])].add(figures, endpoint)
        }
    }

    var counts: [Place: EndpointCounts] { totals.mapValues(\.counts) }
}
