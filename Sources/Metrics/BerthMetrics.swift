/// All families of metrics that a tier exposes, in the order of docs/metrics.md.
package enum BerthMetrics {
    // MARK: Requests

    package static let requests = MetricFamily(
        "berth_requests_total",
        .counter,
        ["rule", "status"],
        "Requests that have ended, by rule and first digit of the status"
    )
    package static let durations = MetricFamily(
        "berth_request_duration_seconds",
        .histogram,
        ["rule"],
        "Time from a request's head to the end of its response, or to the 101 of an upgraded connection"
    )
    package static let bytesIn = MetricFamily(
        "berth_request_body_bytes_total",
        .counter,
        ["rule"],
        "Bytes of request bodies that clients have sent"
    )
    package static let bytesOut = MetricFamily(
        "berth_response_body_bytes_total",
        .counter,
        ["rule"],
        "Bytes of response bodies that clients were sent"
    )
    package static let failures = MetricFamily(
        "berth_request_failures_total",
        .counter,
        ["rule", "cause", "side"],
        "Requests that were refused or failed, by cause (docs/errors.md) and the side where it arose"
    )
    package static let inFlight = MetricFamily(
        "berth_requests_in_flight",
        .gauge,
        "Requests and upgraded connections that are being served"
    )
    package static let retries = MetricFamily(
        "berth_retries_total",
        .counter,
        "Attempts after the first, to another endpoint or on a new connection"
    )
    package static let excluded = MetricFamily(
        "berth_requests_excluded_total",
        .counter,
        "Requests for a path of metrics.exclude, which no other metric of requests has"
    )
    package static let otherRules = MetricFamily(
        "berth_metrics_other_rules",
        .gauge,
        "Rules that have no series of their own, but are summed up as other"
    )

    // MARK: Connections

    package static let connections = MetricFamily(
        "berth_connections_total",
        .counter,
        "Connections of clients that were accepted"
    )
    package static let openConnections = MetricFamily(
        "berth_connections_open",
        .gauge,
        "Connections of clients that are open"
    )
    package static let rejected = MetricFamily(
        "berth_connections_rejected_total",
        .counter,
        "Connections of clients that were closed at once, over a limit"
    )
    package static let handshakes = MetricFamily(
        "berth_tls_handshakes_total",
        .counter,
        ["result"],
        "TLS handshakes with clients: full, resumed or failed"
    )
    package static let abusive = MetricFamily(
        "berth_http2_abusive_connections_total",
        .counter,
        "HTTP/2 connections of clients that were ended for a flood of frames"
    )
    package static let connects = MetricFamily(
        "berth_upstream_connects_total",
        .counter,
        ["result"],
        "Connections to endpoints that were made, or failed"
    )

    // MARK: Pools and endpoints

    package static let endpointRequests = MetricFamily(
        "berth_endpoint_requests_total",
        .counter,
        ["pool", "endpoint", "status"],
        "Requests that ended at an endpoint, by first digit of the status that the client got"
    )
    package static let endpointFailures = MetricFamily(
        "berth_endpoint_failures_total",
        .counter,
        ["pool", "endpoint"],
        "Attempts at an endpoint that failed: no connection, or no valid response"
    )
    package static let endpointWaiting = MetricFamily(
        "berth_endpoint_response_seconds_total",
        .counter,
        ["pool", "endpoint"],
        "Time from the connection to the response's head, of all requests of an endpoint"
    )
    package static let endpointInFlight = MetricFamily(
        "berth_endpoint_requests_in_flight",
        .gauge,
        ["pool", "endpoint"],
        "Requests and upgraded connections that an endpoint serves"
    )
    package static let endpointUp = MetricFamily(
        "berth_endpoint_up",
        .gauge,
        ["pool", "endpoint"],
        "1 where requests go to the endpoint, 0 where it is avoided or down"
    )
    package static let endpointDraining = MetricFamily(
        "berth_endpoint_draining",
        .gauge,
        ["pool", "endpoint"],
        "1 where the endpoint gets no new requests, but goes on with those that it has"
    )
    package static let endpointWeight = MetricFamily(
        "berth_endpoint_weight",
        .gauge,
        ["pool", "endpoint"],
        "The endpoint's weight in its pool, as far as slow_start lets it have it"
    )
    package static let endpoints = MetricFamily(
        "berth_pool_endpoints",
        .gauge,
        ["pool", "state"],
        "Endpoints in use, by pool and state: up, avoided, drain or down"
    )
    package static let otherEndpoints = MetricFamily(
        "berth_metrics_other_endpoints",
        .gauge,
        "Endpoints that have no series of their own, but are summed up as other"
    )

    // MARK: Names

    package static let sourceReady = MetricFamily(
        "berth_name_source_up",
        .gauge,
        ["source"],
        "1 where the name source responds, 0 where it is down or has not responded yet"
    )
    package static let sourceNames = MetricFamily(
        "berth_name_source_entries",
        .gauge,
        ["source"],
        "Names of the source that are in force"
    )
    package static let sourceAge = MetricFamily(
        "berth_name_source_age_seconds",
        .gauge,
        ["source"],
        "How long the source has been down, so that its names may be old; 0 while it responds"
    )
    package static let sourceQueries = MetricFamily(
        "berth_name_source_queries_total",
        .counter,
        ["source"],
        "Queries that the source was sent, where it is queried for one name at a time"
    )
    package static let sourceErrors = MetricFamily(
        "berth_name_source_errors_total",
        .counter,
        ["source", "kind"],
        "Queries of the source that failed, and entries of it that are not valid"
    )

    // MARK: The tier

    package static let ready = MetricFamily(
        "berth_ready",
        .gauge,
        "1 where the tier listens, each name source has loaded, and it does not shut down"
    )
    package static let loopBusy = MetricFamily(
        "berth_loop_busy_seconds_total",
        .counter,
        ["loop"],
        "Time that an event loop has worked and not waited"
    )
    package static let loopStall = MetricFamily(
        "berth_loop_longest_stall_seconds",
        .gauge,
        ["loop"],
        "The longest that an event loop has worked without a wait, since the last scrape"
    )
    package static let reloads = MetricFamily(
        "berth_reloads_total",
        .counter,
        ["result"],
        "Reloads of the rule files: ok or failed"
    )
    package static let rulesStale = MetricFamily(
        "berth_rules_stale",
        .gauge,
        "1 where the rules in force are not those of the files, as the last reload failed"
    )
    package static let rulesLoaded = MetricFamily(
        "berth_rules_loaded_timestamp_seconds",
        .gauge,
        "When the rules in force were loaded, seconds since 1970"
    )
    package static let rules = MetricFamily("berth_rules", .gauge, "Rules in force")
    package static let certificates = MetricFamily(
        "berth_certificate_expiry_timestamp_seconds",
        .gauge,
        ["listener", "certificate"],
        "When a certificate expires, seconds since 1970; of many, those that expire first"
    )
    package static let logDropped = MetricFamily(
        "berth_log_lines_dropped_total",
        .counter,
        ["log"],
        "Lines of a log that could not be written"
    )
    package static let tapRecords = MetricFamily(
        "berth_tap_records_total",
        .counter,
        [],
        "Requests that were recorded in the tap log"
    )
    package static let tapSkipped = MetricFamily(
        "berth_tap_skipped_total",
        .counter,
        [],
        "Requests that a tap has chosen and that were not recorded, for lack of room"
    )
    package static let build = MetricFamily(
        "berth_build_info",
        .gauge,
        ["version"],
        "1, with the version of Berth"
    )

    // MARK: The process

    package static let memory = MetricFamily(
        "process_resident_memory_bytes",
        .gauge,
        "Resident memory"
    )
    package static let descriptors = MetricFamily("process_open_fds", .gauge, "Open descriptors")
    package static let maxDescriptors = MetricFamily(
        "process_max_fds",
        .gauge,
        "Descriptors that may be open"
    )
    package static let cpu = MetricFamily(
        "process_cpu_seconds_total",
        .counter,
        "User and system time"
    )
    package static let start = MetricFamily(
        "process_start_time_seconds",
        .gauge,
        "When the process began, seconds since 1970"
    )

    package static let all: [MetricFamily] = [
        requests, durations, bytesIn, bytesOut, failures, otherRules, inFlight, retries, excluded,
        connections, openConnections, rejected, handshakes, abusive, connects,
        endpointRequests, endpointFailures, endpointWaiting, endpointInFlight, endpointUp, endpointDraining,
        endpointWeight, endpoints, otherEndpoints,
        sourceReady, sourceNames, sourceAge, sourceQueries, sourceErrors,
        ready, loopBusy, loopStall, reloads, rulesStale, rulesLoaded, rules, certificates, logDropped,
        tapRecords, tapSkipped, build,
        memory, descriptors, maxDescriptors, cpu, start,
    ]
}
