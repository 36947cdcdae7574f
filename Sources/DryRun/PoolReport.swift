import Balancing
import Names
import ProxyCore
import Routing

/// The pool of a target in a dry run's report.
package struct PoolReport: Encodable, Sendable {
    /// The name, or the pattern with its `~`.
    package let name: String
    /// `file:line` of the pool.
    package let location: String?
    /// As a rule file writes it: `round_robin`, `hash consistent`.
    package let method: String
    /// How clients stay with endpoints: `cookie berth`, `header X-Session`.
    package let sticky: String?
    /// What the request's hash is made of.
    package let key: String?
    /// The endpoint that the request goes to: the first that the method picks; nil: none can be picked.
    package let endpoint: String?
    /// The share of that endpoint.
    package let weight: Int?
    package let isBackup: Bool
    /// Requests that the target may have at a time.
    package let maxRequests: Int?
    package let queue: Queue?

    /// Where requests wait for a place.
    package struct Queue: Encodable, Sendable {
        package let size: Int
        /// Seconds.
        package let timeout: Double
    }
    /// The endpoints are tiers that are believed; nil: they are not.
    package let trustedTier: Bool?

    private enum CodingKeys: String, CodingKey {
        case name, location, method, sticky, key, endpoint, weight
        case isBackup = "backup"
        case maxRequests = "max_requests"
        case queue
        case trustedTier = "trusted_tier"
    }

    init(_ use: PoolUse, _ step: DryRunStep) {
        let pool = use.pool
        name = pool.name
        location = pool.origin.map { "\($0.file):\($0.line)" }
        method = pool.settings.method.description
        sticky = pool.settings.sticky.map { sticky in
            switch sticky.carrier {
            case .cookie(let cookie): "cookie \(cookie.name)"
            case .header(let name): "header \(name)"
            }
        }
        trustedTier = pool.settings.retries.trustedTier ? true : nil
        key = use.key.map { String(decoding: $0, as: UTF8.self) }
        endpoint = step.endpoint?.description
        let member = pool.members.first { $0.endpoint == step.endpoint }
        let choice = step.resolution?.choices.first { $0.endpoint == step.endpoint }
        weight = (member?.settings.weight ?? choice?.weight).map { Int($0) }
        isBackup = member?.settings.isBackup ?? choice?.named.isBackup ?? pool.settings.endpoint.isBackup
        maxRequests = pool.settings.maxRequests
        queue = pool.settings.queue.map { Queue(size: $0.size, timeout: $0.timeout / .seconds(1)) }
    }

    /// For people: `api (front.yaml:7) · hash of /a · 10.0.0.3:8080, weight 3`.
    var words: String {
        var words = name + (location.map { " (\($0))" } ?? "") + " · " + method
        if let key { words += " of \(key.isEmpty ? "nothing" : key)" }
        if let sticky { words += ", sticky by \(sticky)" }
        if let maxRequests { words += ", at most \(maxRequests) requests" }
        if let queue { words += ", \(queue.size) wait for \(Self.seconds(queue.timeout))" }
        if trustedTier == true { words += ", trusted tier" }
        if let endpoint {
            words += " · \(endpoint)"
            if let weight, weight != 1 { words += ", weight \(weight)" }
            if isBackup { words += ", backup" }
        }
        return words
    }

    /// `5s`, `0.5s`.
    private static func seconds(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds))s" : "\(seconds)s"
    }
}
