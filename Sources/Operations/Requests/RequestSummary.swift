import Bytes
import NIOCore
import ProxyCore
import Routing

/// One request in a list: `GET /requests`.
package struct RequestSummary: Codable, Sendable {
    package var id: String?
    /// When the request began (RFC 3339).
    package var time: String
    package var host: String?
    package var method: String?
    /// As received.
    package var target: String?
    package var rule: String?
    package var endpoint: String?
    package var status: Int
    package var cause: String?
    package var durationMs: Double

    init(_ request: KeptRequest) {
        let slot = request.slot
        id = request.text(.id)
        time = Self.time(request.time)
        host = request.text(.host)
        method = request.text(.method)
        target = request.text(.uri)
        rule = request.text(.rule)
        endpoint = slot.endpoint?.description
        status = slot.status
        cause = slot.reason?.rawValue
        durationMs = Self.milliseconds(slot.end - slot.start)
    }

    /// - Parameter time: nanoseconds since 1970.
    static func time(_ time: Int64) -> String {
        let seconds = Int(time / 1_000_000_000)
        let milliseconds = String(Int(time % 1_000_000_000) / 1_000_000)
        let padding = String(repeating: "0", count: max(0, 3 - milliseconds.utf8.count))
        return "\(UTCTime(secondsSince1970: seconds).iso8601).\(padding)\(milliseconds)Z"
    }

    /// With microseconds.
    static func milliseconds(_ time: TimeAmount) -> Double {
        Double(max(0, time.nanoseconds) / 1000) / 1000
    }
}

/// `GET /requests`
package struct RequestList: Codable, Sendable {
    /// The newest first.
    package var requests: [RequestSummary]
}
