/// How long a tier waits: `timeouts` of its rule files. The defaults are what users of nginx expect.
///
/// `Time` is `Duration`, or the unit of whoever uses the times: event loops convert them once.
package struct Timeouts<Time: Sendable & Hashable>: Sendable, Hashable {
    package var header: Time
    package var resolve: Time
    package var connect: Time
    package var upstream: Time
    package var downstream: Time
    package var halfClosed: Time
    /// RFC 9112 §9.5.
    package var keepAlive: Time
    /// RFC 9112 §9.5.
    package var idleUpstream: Time
    package var tunnel: Time
    package var drain: Time
    /// Nil: as other requests.
    package var drainWebSocket: Time?

    /// The same times in another unit.
    package init<Other>(_ other: Timeouts<Other>, _ convert: (Other) -> Time) {
        header = convert(other.header)
        resolve = convert(other.resolve)
        connect = convert(other.connect)
        upstream = convert(other.upstream)
        downstream = convert(other.downstream)
        halfClosed = convert(other.halfClosed)
        keepAlive = convert(other.keepAlive)
        idleUpstream = convert(other.idleUpstream)
        tunnel = convert(other.tunnel)
        drain = convert(other.drain)
        drainWebSocket = other.drainWebSocket.map(convert)
    }
}

extension Timeouts: SettingGroup where Time == Duration {
    package init() {
        header = .seconds(60)
        resolve = .seconds(5)
        connect = .seconds(5)
        upstream = .seconds(60)
        downstream = .seconds(60)
        halfClosed = .seconds(1)
        keepAlive = .seconds(75)
        idleUpstream = .seconds(60)
        tunnel = .seconds(3600)
        drain = .seconds(3600)
    }

    package static var name: String { "timeouts" }

    package static var settings: [Setting<Self>] {
        [
            Setting(
                "client_header",
                .duration(\.header, zero: false),
                "The wait for a whole request head, from its first byte. Then: 408. A new connection that sends nothing is closed after it."
            ),
            Setting(
                "resolve",
                .duration(\.resolve, zero: false),
                "The wait for a name that is not known yet. Then: 504."
            ),
            Setting(
                "connect",
                .duration(\.connect, zero: false),
                "The wait for a connection to an endpoint. Then: 504."
            ),
            Setting(
                "upstream",
                .duration(\.upstream, zero: false),
                "The wait for an upstream that neither sends nor reads. Then: 504."
            ),
            Setting(
                "downstream",
                .duration(\.downstream, zero: false),
                "The wait for a downstream that neither sends nor reads. Then the connection is closed; if part of the request body is missing: 408."
            ),
            Setting(
                "half_closed",
                .duration(\.halfClosed, zero: true),
                "The wait for a response, or its next part, on behalf of a client that has closed its half of the connection: nearly all of them have left. It begins with the last byte from either side. Then the exchange ends. Berth does not wait for a trusted proxy."
            ),
            Setting(
                "keep_alive",
                .duration(\.keepAlive, zero: true),
                "The wait for the next request on a connection. Then it is closed. With 0, connections are not reused."
            ),
            Setting(
                "idle_upstream",
                .duration(\.idleUpstream, zero: true),
                "The wait for the next use of a connection to an endpoint. Then it is closed. With 0, connections are not reused."
            ),
            Setting(
                "tunnel",
                .duration(\.tunnel, zero: false),
                "The wait for either side of an upgraded connection (WebSocket). Then both are closed."
            ),
            Setting(
                "drain",
                .duration(\.drain, zero: false),
                "How long requests may go on at an endpoint that [drains](control.md#drain-an-endpoint) or is no longer one of its target's. Then they are ended as at the end of `--drain` ([restart.md](restart.md))."
            ),
            Setting(
                "drain_websocket",
                .optionalDuration(\.drainWebSocket),
                unset: "as long as other requests",
                "How long WebSockets may go on at such an endpoint, or in a tier that ends. Then each side gets a close frame with the code 1001."
            ),
        ]
    }
}
