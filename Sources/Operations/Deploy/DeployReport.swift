import Balancing
import FoundationEssentials

/// What a deployment has done.
package struct DeployReport: Codable, Equatable, Sendable {
    package enum Outcome: String, Codable, Sendable {
        /// All new requests go to the endpoints.
        case deployed
        /// Not all endpoints became healthy in time; nothing has changed.
        case unhealthy
        /// The name sources have the target again.
        case reset
    }

    package struct Probed: Codable, Equatable, Sendable {
        package var endpoint: String
        package var healthy: Bool
        package var attempts: Int
        /// What the last probe has shown, in one word, such as `ok` or `status_503`.
        package var response: String
    }

    package struct Drained: Codable, Equatable, Sendable {
        package var endpoint: String
        package var identity: String?
        /// In flight at the end.
        package var requests: Int
    }

    /// Of the response where nothing has changed.
    static let unhealthyStatus = 422

    package var target: String
    package var outcome: Outcome
    /// What probes send: `check GET /up`.
    package var probe: String?
    package var endpoints: [Probed]
    /// The endpoints that the target had before.
    package var drained: [Drained]
    /// Why nothing has changed; nil: the deployment was made.
    package var error: String?

    /// Requests that still run at previous endpoints.
    package var requestsLeft: Int { drained.reduce(0) { $0 + $1.requests } }

    /// On several lines, with the keys of the control socket.
    package func json() throws -> String {
        let encoder = ControlResponse.encoder
        encoder.outputFormatting.insert(.prettyPrinted)
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// In words, a line for each endpoint.
    package func text(drainTimeout: String) -> [String] {
        var lines: [String] = []
        switch outcome {
        case .unhealthy:
            return endpoints.map { one in
                "  \(one.endpoint): "
                    + (one.healthy
                        ? "healthy"
                        : "\(probe ?? "check"): \(one.response.replacing("_", with: " ")) (\(one.attempts) attempts)")
            }
        case .deployed:
            let list = endpoints.map(\.endpoint).joined(separator: ", ")
            lines.append("\(target): new requests go to \(list)")
        case .reset:
            lines.append("\(target): the name sources have it again")
        }
        for old in drained {
            lines.append(
                old.requests == 0
                    ? "\(old.endpoint) has no request in flight: it may be removed"
                    : "\(old.endpoint) still has \(old.requests) requests in flight after \(drainTimeout)"
            )
        }
        return lines
    }
}

extension DeployReport {
    /// After the probes: the deployment is made where all endpoints are healthy.
    init(of target: String, _ probed: [Probed], by check: HealthCheck) {
        let sick = probed.count { !$0.healthy }
        self.init(
            target: target,
            outcome: sick == 0 ? .deployed : .unhealthy,
            probe: DeployProbes.words(check),
            endpoints: probed,
            drained: []
        )
        guard sick > 0 else { return }
        error = "\(sick) of \(probed.count) endpoints did not become healthy in time; nothing has changed"
    }
}
