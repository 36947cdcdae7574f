/// How much a tier takes: `limits` of its rule files.
package struct Limits: SettingGroup, Hashable {
    package var headBytes = 32 << 10
    package var fields = 100
    package var targetBytes = 8 << 10
    package var bodyBytes: UInt64?
    package var idlePerEndpoint = 1024
    package var connections: Int?
    package var connectionsPerClient: Int?

    package init() {}

    package static let name = "limits"

    package static let settings: [Setting<Limits>] = [
        // Below 1 KiB ordinary browsers fail; more than 1 MiB is memory that a client can take for each connection.
        Setting(
            "header_block",
            .size(\.headBytes, range: 1 << 10...1 << 20),
            "The request line with all header fields. More is answered with 431."
        ),
        Setting(
            "header_fields",
            .count(\.fields, unit: "fields", range: 8...10_000),
            "The header fields of a request. More are answered with 431."
        ),
        Setting(
            "uri",
            .size(\.targetBytes, range: 64...1 << 20),
            "The request target: path and query. More is answered with 414."
        ),
        Setting(
            "body",
            .sizeOrUnlimited(\.bodyBytes),
            "A request body. More is answered with 413. A rule's [`max_body`](#max_body) replaces it."
        ),
        Setting(
            "idle_per_endpoint",
            .count(\.idlePerEndpoint, unit: "connections", range: 0...65_536),
            "Idle connections that each event loop keeps to one endpoint."
        ),
        Setting(
            "connections",
            .optionalCount(\.connections, unit: "connections", range: 1...10_000_000),
            unset: "as many as there are file descriptors",
            "Connections of all clients. More are closed at once."
        ),
        Setting(
            "connections_per_client",
            .optionalCount(\.connectionsPerClient, unit: "connections", range: 1...10_000_000),
            "Connections of one client address; after another proxy, that is the proxy's. More are closed at once."
        ),
    ]
}
