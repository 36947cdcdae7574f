import Metrics
import ProxyCore

/// What event loops have counted of endpoints that they share, added up.
///
/// Endpoints and figures are apart: there may be very many, and the list of one loop is taken as it is.
struct EndpointSum {
    /// Each once, in no order.
    private var endpoints: [SharedEndpoint] = []
    /// … in the same order.
    private var figures: [EndpointFigures] = []
    private var places: [ObjectIdentifier: Int] = [:]

    /// - Parameters:
    ///   - endpoints: of one loop, each once.
    ///   - figures: of these, in the same order.
    mutating func add(_ endpoints: [SharedEndpoint], _ figures: [EndpointFigures]) {
        guard !self.endpoints.isEmpty else {
            (self.endpoints, self.figures) = (endpoints, figures)
            return
        }
        if places.isEmpty {
            places.reserveCapacity(self.endpoints.count)
            for index in self.endpoints.indices { places[ObjectIdentifier(self.endpoints[index])] = index }
        }
        for index in endpoints.indices {
            if let place = places[ObjectIdentifier(endpoints[index])] {
                self.figures[place].add(figures[index])
            } else {
                places[ObjectIdentifier(endpoints[index])] = self.endpoints.count
                self.endpoints.append(endpoints[index])
                self.figures.append(figures[index])
            }
        }
    }

    /// To be called while no loop forgets any.
    var readings: [EndpointReading] {
        endpoints.indices.map { EndpointReading(endpoints[$0], figures[$0]) }
    }
}
