/// What a route of the admin interface takes and returns.
struct AdminShape: Sendable {
    var query: [(name: String, schema: JSONSchema)] = []
    /// Nil: there is no body.
    var body: JSONSchema?
    var needsBody = true
    var contentType = "application/json"
    var response = JSONSchema.any
    /// Other statuses with the same response, and what they mean.
    var others: [(status: Int, meaning: String)] = []
}

/// The shapes of all routes, by method and path. A route without one is described by its summary alone.
enum AdminSchemas {
    private static let maxLimit = ControlRequest.maxLimit

    static let shapes: [String: AdminShape] = [
        "GET /status": AdminShape(response: .named("Status")),
        "GET /health": AdminShape(
            response: .named("Health"),
            others: [(503, "An event loop does not turn.")]
        ),
        "GET /ready": AdminShape(response: .named("Ready"), others: [(503, "The tier takes no requests.")]),
        "GET /rules": AdminShape(query: [("limit", .count(maxLimit))], response: .named("Rules")),
        "GET /names": AdminShape(
            query: [("source", .string), ("prefix", .string), ("limit", .count(maxLimit))],
            response: .named("Names")
        ),
        "GET /connections": AdminShape(query: [("limit", .count(maxLimit))], response: .named("Connections")),
        "POST /dry-run": AdminShape(body: .named("DryRunRequest"), response: .named("DryRun")),
        "GET /log-level": AdminShape(response: .named("LogLevel")),
        "PUT /log-level": AdminShape(
            body: .object([("level", .word(LogThreshold.names), true)]),
            response: .named("LogLevel")
        ),
        "POST /drain": AdminShape(
            body: .object([("wait", .nullable(.range(0, DrainControl.maxWait)), false)]),
            needsBody: false,
            response: .object([("draining", .boolean, true), ("wait", .number, true)])
        ),
        "GET /certificates": AdminShape(response: .object([("listeners", .list(.any), true)])),
        "POST /reload": AdminShape(
            body: .object([("guard", .nullable(.range(0, 100)), false)]),
            needsBody: false,
            response: .named("Reload")
        ),
        "GET /generations": AdminShape(
            response: .object([("generations", .list(.named("Generation")), true)])
        ),
        "POST /upgrade": AdminShape(
            body: .object([("binary", .string, false), ("timeout", .integer, false)]),
            needsBody: false,
            response: .named("Upgrade"),
            others: [(409, "Nothing has changed.")]
        ),
        "GET /pools": AdminShape(response: .named("Pools")),
        "GET /pools/{name}": AdminShape(response: .named("Pools")),
        "POST /pools/{name}/state": AdminShape(
            body: .object([("endpoint", .string, true), ("state", .word(["up", "drain", "down"]), true)]),
            response: .named("Pools")
        ),
        "POST /pools/{name}/split": AdminShape(
            body: .object([
                ("weights", .nullable(.map(.integer)), false), ("reset", .nullable(.boolean), false),
            ]),
            response: .named("Pools")
        ),
        "POST /pools/{name}/deploy": AdminShape(
            body: deployment,
            response: .object([("outcome", .string, true)]),
            others: [(422, "The endpoints are not healthy.")]
        ),
        "POST /pools/{name}/reset": AdminShape(
            body: deployment,
            needsBody: false,
            response: .object([("outcome", .string, true)])
        ),
        "POST /pools/{name}/pause": AdminShape(
            body: .object([("max", .nullable(.range(0.001, 3600)), false)]),
            needsBody: false,
            response: .named("Pools")
        ),
        "POST /pools/{name}/stop": AdminShape(
            body: .object([("message", .nullable(.pattern("^[ !#-%'-;=?-\\[\\]-~]{1,200}$")), false)]),
            needsBody: false,
            response: .named("Pools")
        ),
        "POST /pools/{name}/resume": AdminShape(response: .named("Pools")),
        "GET /openapi.json": AdminShape(response: .object([("openapi", .string, true)])),
        "GET /metrics": AdminShape(contentType: "text/plain", response: .string),
        "GET /traffic": AdminShape(response: .object([("requests_per_second", .number, true)])),
        "GET /top": AdminShape(
            query: [("by", .word(["requests", "bytes", "errors"])), ("limit", .count(maxLimit))],
            response: .object([("hosts", .list(.any), true)])
        ),
        "GET /requests": AdminShape(
            query: [("limit", .count(maxLimit)), ("failed", .word(["1"]))],
            response: .object([("requests", .list(.any), true)])
        ),
        "GET /requests/last": AdminShape(query: [("host", .string)]),
        "GET /requests/{id}": AdminShape(),
        "GET /page/{file}": AdminShape(contentType: "*/*"),
        "GET /": AdminShape(contentType: "text/html", response: .string),
    ]

    private static let deployment = JSONSchema.object([
        ("endpoints", .list(.string), true), ("health_path", .string, false), ("health_host", .string, false),
        ("timeout", .number, false), ("interval", .number, false), ("drain_timeout", .number, false),
    ])

    static let named: [String: JSONSchema] = [
        "Error": .object([("error", .string, true)]),
        "Health": .object([
            ("healthy", .boolean, true), ("loops_turning", .integer, true), ("loops", .integer, true),
        ]),
        "Ready": .object([
            ("ready", .boolean, true), ("draining", .boolean, true), ("waits_for", .list(.string), true),
        ]),
        "Generation": .object([
            ("generation", .integer, true), ("pid", .integer, true), ("version", .string, true),
            ("started", .string, true), ("age_seconds", .integer, true), ("draining", .boolean, true),
            ("connections", .integer, true),
        ]),
        "Upgrade": .object([
            ("upgraded", .boolean, true), ("generation", .integer, true), ("pid", .integer, true),
            ("version", .string, false), ("error", .string, false), ("lines", .list(.string), true),
        ]),
        "LogLevel": .object([("level", .word(LogThreshold.names + ["trace", "critical"]), true)]),
        "Status": .object([
            ("tier", .string, true), ("version", .string, true), ("commit", .string, false),
            ("instance", .string, true),
            ("pid", .integer, true), ("started", .string, true), ("uptime_seconds", .number, true),
            ("ready", .boolean, true), ("draining", .boolean, true), ("generation", .integer, true),
            (
                "listeners",
                .list(
                    .object([
                        ("address", .string, true), ("tls", .boolean, true), ("http2", .boolean, true),
                        ("client_certificates", .word(["required", "requested"]), false),
                        ("redirects_to_https", .boolean, true),
                    ])
                ), true
            ),
            (
                "rules",
                .object([
                    ("count", .integer, true), ("files", .list(.string), true), ("loaded", .string, true),
                    (
                        "reloads",
                        .object([
                            ("succeeded", .integer, true), ("failed", .integer, true),
                            ("last_error", .string, false),
                        ]), true
                    ),
                ]), true
            ),
            ("loops", .integer, true), ("connections", .integer, true),
            ("requests_in_flight", .integer, true),
            (
                "names",
                .object([
                    (
                        "sources",
                        .list(
                            .object([
                                ("name", .string, true), ("kind", .string, true), ("ready", .boolean, true),
                                ("entries", .integer, true), ("age_seconds", .number, false),
                                ("error", .string, false),
                            ])
                        ), true
                    )
                ]), true
            ),
            ("log_level", .string, false),
        ]),
        "Rules": .object([
            (
                "rules",
                .list(
                    .object([
                        ("name", .string, true), ("host", .nullable(.string), true),
                        ("path", .nullable(.string), true), ("file", .nullable(.string), true),
                        ("line", .nullable(.integer), true), ("to", .string, true),
                        ("requests", .nullable(.integer), true), ("failures", .nullable(.integer), true),
                        ("p50_ms", .nullable(.number), true), ("p99_ms", .nullable(.number), true),
                    ])
                ), true
            ),
            ("total", .integer, true),
        ]),
        "Names": .object([
            (
                "names",
                .list(
                    .object([
                        ("name", .string, true), ("source", .string, true),
                        ("endpoints", .list(.string), true),
                        ("remarks", .map(.list(.string)), false), ("age_seconds", .number, false),
                        ("hidden", .boolean, true),
                    ])
                ), true
            ),
            ("total", .integer, true),
        ]),
        "Connections": .object([
            (
                "connections",
                .list(
                    .object([
                        ("client", .string, true), ("port", .integer, true), ("age_seconds", .number, true),
                        ("protocol", .string, true), ("tls", .boolean, true), ("requests", .integer, true),
                        ("requests_in_flight", .integer, true),
                        ("state", .word(["idle", "active", "tunnel", "closing"]), true),
                    ])
                ), true
            ),
            ("total", .integer, true),
        ]),
        "DryRunRequest": .object([
            ("url", .string, true), ("method", .nullable(.string), false),
            ("headers", .nullable(.map(.string)), false), ("client", .nullable(.string), false),
            ("explain", .nullable(.boolean), false),
        ]),
        "DryRun": .object([
            ("url", .string, true), ("outcome", .word(["forwarded", "responded", "refused"]), true),
            ("status", .integer, false), ("reason", .string, false), ("detail", .string, false),
            ("tiers", .list(.any), true), ("notes", .list(.string), true),
        ]),
        "Reload": .object([
            ("reloaded", .boolean, true), ("rules", .integer, true), ("findings", .list(.string), true),
        ]),
        "Pools": .object([
            ("tier", .string, true), ("targets", .list(.any), true), ("holds", .list(.any), true),
            ("splits", .list(.any), true), ("deployed", .list(.any), true), ("states", .list(.any), true),
        ]),
    ]
}
