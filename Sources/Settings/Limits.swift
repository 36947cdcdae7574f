/// How much a tier takes: `limits` of its rule files.
package struct Limits: SettingGroup, Hashable {
    package var headBytes = 32 << 10
    package var fields = 100
    package var targetBytes = 8 << 10
    package var bodyBytes: UInt64?
    package var idlePerEndpoint = 1024
    package var connections: Int?
    package var connectionsPerClient: Int?
    package var connectionsPerTarget: Int?
    package var streams = 100

    package init() {}

    package static let name = "limits"

    package static let settings: [Setting<Limits>] = [
        // Below 1 KiB ordinary browsers fail; more than 1 MiB is memory that a client can take for each connection.
        Setting(
            "header_block",
            .size(\.headBytes, range: 1 << 10...1 << 20),
            "The request line with all header fields. Above it: 431."
        ),
        Setting(
            "header_fields",
            .count(\.fields, unit: "fields", range: 8...10_000),
            "The header fields of one head. Above it: 431."
        ),
        Setting(
            "uri",
            .size(\.targetBytes, range: 64...1 << 20),
            "The request target, which is the path with its query. Above it: 414."
        ),
        Setting(
            "body",
            .sizeOrUnlimited(\.bodyBytes),
            "The request body. Above it: 413. A rule can set its own limit with [`max_body`](#max_body)."
        ),
        Setting(
            "idle_per_endpoint",
            .count(\.idlePerEndpoint, unit: "connections", range: 0...65_536),
            "The idle connections that each event loop keeps to one endpoint."
        ),
        Setting(
            "connections",
            .optionalCount(\.connections, unit: "connections", range: 1...10_000_000),
            unset:
                "three quarters of the limit of open files (`LimitNOFILE`, `ulimit -n`), of which 64 and 4 for each event loop are taken off; at least 24",
            "The connections of all clients. One more is closed at once; over the default, Berth first tries to close one that waits for its next request. When descriptors run out all the same, a tier pauses accepting and resumes by itself."
        ),
        Setting(
            "connections_per_client",
            .optionalCount(\.connectionsPerClient, unit: "connections", range: 1...10_000_000),
            "The connections of one address; behind another proxy, that is the proxy's. One more is closed at once."
        ),
        Setting(
            "connections_per_target",
            .optionalCount(\.connectionsPerTarget, unit: "connections", range: 1...10_000_000),
            unset: "a third of that limit of open files; in a local tier, a sixth",
            "The requests and upgraded connections that one target may have at a time, so that a target that stalls leaves descriptors to the others. One more: 503."
        ),
        // A browser opens up to 100; fewer than 10 would hold its pages up.
        Setting(
            "streams",
            .count(\.streams, unit: "requests", range: 10...10_000),
            "The requests that one HTTP/2 connection may have at a time. A client that knows the limit and exceeds it loses the connection."
        ),
    ]
}
