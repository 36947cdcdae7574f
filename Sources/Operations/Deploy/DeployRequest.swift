import Balancing
import FoundationEssentials
import NIOCore
import Routing

/// The body of `POST /pools/NAME/deploy`. Times are seconds.
package struct DeployRequest: Codable, Equatable, Sendable {
    /// `10.0.0.5:8080`, where the requests shall go.
    package var endpoints: [String]
    /// How long the endpoints have to become healthy (default 30).
    package var timeout: Double?
    /// From one probe of an endpoint to the next (default 1).
    package var interval: Double?
    /// How long running requests at the previous endpoints are waited for (default 30).
    package var drainTimeout: Double?
    /// Probes send GET for this path, where the target's pool has no check; nil: a connection is enough.
    package var healthPath: String?
    /// The `Host` of these probes; nil: the endpoint.
    package var healthHost: String?

    enum CodingKeys: String, CodingKey {
        case endpoints, timeout, interval
        case drainTimeout = "drain_timeout"
        case healthPath = "health_path"
        case healthHost = "health_host"
    }

    package init(endpoints: [String]) { self.endpoints = endpoints }

    package static let usualTimeout = 30.0
    package static let usualInterval = 1.0
    package static let usualDrainTimeout = 30.0
    /// The longest `timeout` and `drainTimeout`, seconds.
    package static let maxTimeout = 3600.0
    package static let minInterval = 0.01
    /// How long one probe takes at most, where the target's pool has no check.
    static let probeTimeout = Duration.seconds(5)

    var waitsAtMost: Double { timeout ?? Self.usualTimeout }
    var drainsAtMost: Double { drainTimeout ?? Self.usualDrainTimeout }
    var pause: Duration { .seconds(max(Self.minInterval, interval ?? Self.usualInterval)) }

    init(decoding body: [UInt8]) throws(RecordFlaw) {
        do {
            self = try JSONDecoder().decode(DeployRequest.self, from: Data(body))
        } catch {
            throw RecordFlaw(#"the body is not like {"endpoints": ["10.0.0.5:8080"], "timeout": 30}"#)
        }
        try validate()
    }

    func validate() throws(RecordFlaw) {
        try validateTimes()
        try validateProbe()
    }

    private func validateTimes() throws(RecordFlaw) {
        guard (0.001...Self.maxTimeout).contains(waitsAtMost) else {
            throw RecordFlaw("the time to become healthy is from 1 ms to 1 h")
        }
        guard (0...Self.maxTimeout).contains(drainsAtMost) else {
            throw RecordFlaw("the time to drain is from 0 to 1 h")
        }
        guard (Self.minInterval...Self.maxTimeout).contains(interval ?? Self.usualInterval) else {
            throw RecordFlaw("the interval of probes is from 10 ms to 1 h")
        }
    }

    /// Both become a part of the request that is sent.
    private func validateProbe() throws(RecordFlaw) {
        if let healthPath {
            guard healthPath.hasPrefix("/"), healthPath.utf8.count <= 1024,
                healthPath.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { throw RecordFlaw("'\(healthPath)' is not a path; write it like /up") }
        }
        if let healthHost {
            guard healthPath != nil, (try? HostName(healthHost)) != nil else {
                throw RecordFlaw(
                    "'\(healthHost)' is not a valid host for probes, or --health-path is missing"
                )
            }
        }
    }

    /// How long a deployment takes at most.
    static func timeLimit(of body: [UInt8]) -> TimeAmount {
        let request = try? DeployRequest(decoding: body)
        // A probe that has begun ends, too. What is not valid is responded to at once.
        let seconds = (request?.waitsAtMost ?? 0) + (request?.drainsAtMost ?? usualDrainTimeout) + 60
        return .milliseconds(Int64(seconds * 1000))
    }

    /// What probes send, where the target's pool has no check.
    var check: HealthCheck {
        var check = HealthCheck()
        check.timeout = Self.probeTimeout
        check.kind = .tcp
        if let healthPath {
            var http = HealthCheck.HTTP()
            http.path = healthPath
            http.host = healthHost
            check.kind = .http(http)
        }
        return check
    }
}
