/// How long a tier waits: `timeouts` of its rule files. The defaults are what users of nginx expect.
///
/// `Time` is `Duration`, or the unit of whoever uses the times: event loops convert them once.
package struct Timeouts<Time: Sendable & Hashable>: Sendable, Hashable {
    package var header: Time
    package var resolve: Time
    package var connect: Time
    package var upstream: Time
    package var downstream: Time
    /// RFC 9112 §9.5.
    package var keepAlive: Time
    /// RFC 9112 §9.5.
    package var idleUpstream: Time
    package var tunnel: Time

    /// The same times in another unit.
    package init<Other>(_ other: Timeouts<Other>, _ convert: (Other) -> Time) {
        header = convert(other.header)
        resolve = convert(other.resolve)
        connect = convert(other.connect)
        upstream = convert(other.upstream)
        downstream = convert(other.downstream)
        keepAlive = convert(other.keepAlive)
        idleUpstream = convert(other.idleUpstream)
        tunnel = convert(other.tunnel)
    }
}

extension Timeouts: SettingGroup where Time == Duration {
    package init() {
        header = .seconds(60)
        resolve = .seconds(5)
        connect = .seconds(5)
        upstream = .seconds(60)
        downstream = .seconds(60)
        keepAlive = .seconds(75)
        idleUpstream = .seconds(60)
        tunnel = .seconds(3600)
    }

    package static var name: String { "timeouts" }

    package static var settings: [Setting<Self>] {
        [
            Setting(
                "client_header",
                .duration(\.header, zero: false),
                "For a whole request head, from its first byte, and for the first byte of a new connection. Then 408."
            ),
            Setting(
                "resolve",
                .duration(\.resolve, zero: false),
                "For a name source to resolve a name. Then 504."
            ),
            Setting(
                "connect",
                .duration(\.connect, zero: false),
                "For a connection to an endpoint. Then 504."
            ),
            Setting(
                "upstream",
                .duration(\.upstream, zero: false),
                "For an upstream that neither sends nor reads. Then 504."
            ),
            Setting(
                "downstream",
                .duration(\.downstream, zero: false),
                "For a downstream that neither sends its body nor reads its response. Then the connection is closed, after a 408 if it has not sent its body."
            ),
            Setting(
                "keep_alive",
                .duration(\.keepAlive, zero: true),
                "For the next request on a connection. Then it is closed; 0 closes it after each response."
            ),
            Setting(
                "idle_upstream",
                .duration(\.idleUpstream, zero: true),
                "For the next use of a connection to an endpoint. Then it is closed; 0 never reuses one."
            ),
            Setting(
                "tunnel",
                .duration(\.tunnel, zero: false),
                "For either side of an upgraded connection (WebSocket) to send. Then both connections are closed."
            ),
        ]
    }
}
