/// What a connection of a client does at one moment, for operators.
package struct ConnectionActivity: Sendable, Equatable {
    package enum State: String, Sendable {
        /// It waits for a request.
        case idle
        /// A request is being served.
        case active
        /// It carries another protocol, such as WebSocket.
        case tunnel
        /// It ends.
        case closing
    }

    /// `http/1.1` or `h2`.
    package let protocolName: String
    package let state: State
    /// Requests that have begun since the connection was opened.
    package let requests: UInt64
    /// Those of them that are being served, with tunnels.
    package let inFlight: Int
}

extension DownstreamConnection {
    var activity: ConnectionActivity {
        let state: ConnectionActivity.State =
            switch phase {
            case .idle: .idle
            case .exchange: .active
            case .tunnel: .tunnel
            case .discarding, .lingering, .closed: .closing
            }
        return ConnectionActivity(
            protocolName: "http/1.1",
            state: state,
            requests: requests,
            inFlight: state == .active || state == .tunnel ? 1 : 0
        )
    }
}

extension HTTP2DownstreamConnection {
    var activity: ConnectionActivity {
        ConnectionActivity(
            protocolName: "h2",
            state: isEnding ? .closing : requests.isEmpty ? .idle : .active,
            requests: served,
            inFlight: requests.count
        )
    }
}
