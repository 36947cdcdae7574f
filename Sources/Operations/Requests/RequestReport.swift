import FoundationEssentials
import ProxyCore

/// All that is known of one request: `GET /requests/ID`, for `berth why`.
package struct RequestReport: Codable, Sendable {
    package var id: String?
    package var time: String
    package var host: String?
    package var method: String?
    package var target: String?
    package var rule: String?
    package var endpoint: String?
    /// What the client received; 0: nothing yet.
    package var status: Int
    /// What it does: `name`, `hold`, `place`, `connect`, `first_byte`, `body`, `tunnel` or `page`; nil: it has ended.
    package var running: String?
    package var cause: String?
    package var durationMs: Double
    /// What each tier kept of it, in the order in which it passed them.
    package var tiers: [TierPart]
    /// Why the part of the tier at the endpoint is not there; nil: it is, or there is none.
    package var missing: String?
    /// Other requests with this id that are kept: clients can choose ids.
    package var others: Int

    /// What one tier kept of a request.
    package struct TierPart: Codable, Sendable {
        /// `front` or `local`.
        package var tier: String
        package var time: String
        package var client: String
        package var peer: String
        package var method: String?
        package var host: String?
        package var target: String?
        package var `protocol`: String?
        package var rule: String?
        /// `file:line` of the rule, where it is in force.
        package var location: String?
        package var captures: [String: String]
        /// The name that the rule produced.
        package var to: String?
        /// The target that took the request in its place.
        package var usedTarget: String?
        package var choice: Choice?
        /// Those that failed, and the last one.
        package var attempts: [Attempt]
        package var attemptsNotKept: Int
        package var stages: [Stage]
        package var status: Int
        package var running: String?
        package var cause: String?
        package var detail: String?
        package var side: String?
        package var message: String?
        package var help: String?
        package var bytesIn: UInt64
        package var bytesOut: UInt64
        package var durationMs: Double
        package var retried: Bool
        package var upgraded: Bool
        /// The result of each rule by those that are in force now.
        package var trace: [TraceStep]
        /// Rules after these that are not in the trace.
        package var traceCut: Int
        /// How far the trace can be believed; nil: it is what happened.
        package var traceNote: String?
    }

    /// How the endpoint was chosen.
    package struct Choice: Codable, Sendable {
        package var endpoint: String?
        /// Why this one.
        package var why: String
        /// Of the rule file; nil: the target has none.
        package var pool: String?
        package var policy: String
        package var endpoints: Int
        /// How many of them were well at the end, where the request failed.
        package var well: Int?
    }

    /// An attempt to send the request.
    package struct Attempt: Codable, Sendable {
        package var endpoint: String
        package var why: String
        package var beganMs: Double
        package var connectMs: Double?
        package var tlsMs: Double?
        package var endedMs: Double
        package var reused: Bool
        /// Nil: it had a response.
        package var cause: String?
        /// Of its response; nil: none came.
        package var status: Int?
    }

    /// A part of the time.
    package struct Stage: Codable, Sendable {
        /// `name`, `hold`, `place`, `connect`, `tls`, `first_byte` or `body`.
        package var stage: String
        package var ms: Double
    }

    /// The result of one rule.
    package struct TraceStep: Codable, Sendable {
        package var rule: String
        package var location: String?
        package var matched: Bool
        package var why: String
    }
}

extension RequestReport {
    /// The part of the tier where the failure arose: of the last one with a cause. But that its client has closed is what
    /// the tier before it did, where that has a cause of its own.
    package var origin: TierPart? {
        let failed = tiers.filter { $0.cause != nil }
        return failed.last { $0.cause != Failure.Reason.downstreamClosed.rawValue } ?? failed.first
    }

    /// As the control socket sends it, on several lines.
    package var json: String {
        let encoder = ControlResponse.encoder
        encoder.outputFormatting.insert(.prettyPrinted)
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
