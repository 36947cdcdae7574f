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

        init(_ reading: EndpointReading) {
            pool = reading.pool ?? ""
            endpoint = reading.endpoint
        }
    }

    /// Of all that stand for the place.
    struct Total {
        private(set) var figures: EndpointFigures
        /// One of them takes requests.
        private(set) var isUp: Bool
        private(set) var isDraining: Bool
        private var isDown: Bool
        private(set) var weight: Double

        fileprivate init(_ reading: EndpointReading) {
            figures = reading.figures
            isUp = !reading.flags.contains(.avoided)
            isDraining = reading.flags.contains(.drains)
            isDown = !reading.flags.isDisjoint(with: [.checkedDown, .administrativelyDown])
            weight = reading.weight
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

    init(_ readings: [EndpointReading]) {
        totals.reserveCapacity(readings.count)
        for reading in readings {
            let total = Total(reading)
            if let known = totals.updateValue(total, forKey: Place(reading)) {
                totals[Place(reading)]?.add(known)
            }
        }
    }

    var counts: [Place: EndpointCounts] { totals.mapValues(\.figures.counts) }
}
