import NIOCore
import Proxy
import ProxyCore
import Routing

/// The open connections of clients, as `GET /connections` shows them. Fields are added, never renamed or removed.
package struct OpenConnections: Codable, Sendable, Equatable {
    package struct Connection: Codable, Sendable, Equatable {
        /// The address of the socket's peer: the client, or a proxy before the tier.
        package var client: String
        /// The port that accepted it.
        package var port: UInt16
        package var ageSeconds: Double
        /// `http/1.1` or `h2`.
        package var `protocol`: String
        package var tls: Bool
        /// Requests that have begun.
        package var requests: UInt64
        package var requestsInFlight: Int
        /// `idle`, `active`, `tunnel` or `closing`.
        package var state: String
    }

    /// The oldest first.
    package var connections: [Connection]
    /// All, whatever `limit` is.
    package var total: Int
}

/// `GET /connections?limit=`
struct ConnectionsControl: Sendable {
    /// Connections in a response where there is no `limit`, and the most.
    static let usualLimit = 100
    static let maxLimit = 1000

    let admin: TierAdmin

    var routes: [ControlRoute] {
        [
            ControlRoute("GET", "/connections", .read, "The open connections of clients, the oldest first.") {
                [admin] request async throws(ControlRefusal) in
                let limit = try request.limit(default: Self.usualLimit, most: Self.maxLimit)
                let report = await admin.tier.connections(limit: limit ?? Self.usualLimit)
                return .value(
                    OpenConnections(
                        connections: report.oldest.map(OpenConnections.Connection.init),
                        total: report.total
                    )
                )
            }
        ]
    }
}

extension OpenConnections.Connection {
    fileprivate init(_ connection: ConnectionsReport.Connection) {
        client = "\(connection.info.peer)"
        port = connection.info.localPort
        ageSeconds = connection.age.seconds
        `protocol` = connection.activity.protocolName
        tls = connection.info.scheme == .https
        requests = connection.activity.requests
        requestsInFlight = connection.activity.inFlight
        state = connection.activity.state.rawValue
    }
}
