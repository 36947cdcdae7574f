import ProxyCore
import Routing

/// The results for the requests of a log. In JSON, keys are added, never renamed or removed.
package struct ReplayReport: Encodable, Sendable {
    package let log: String
    /// All lines, including empty and invalid ones.
    package let lines: Int
    package let requests: Int
    /// Lines without a request: the tier could not parse its head.
    package let withoutRequest: Int
    /// Lines of a tier other than the first one that is replayed.
    package let otherTier: Int
    package let unparsable: Int
    package let firstUnparsable: Unparsable?
    /// Requests that reach an endpoint.
    package let forwarded: Int
    /// Requests for which the log names another rule than the one that wins now.
    package let changed: Int
    package let firstChanged: First?
    package let tiers: [Tier]

    package struct Unparsable: Encodable, Sendable {
        package let line: Int
        package let why: String
        package let text: String
    }

    /// The first line with a certain result.
    package struct First: Encodable, Sendable {
        package let line: Int
        package let host: String
    }

    package struct Tier: Encodable, Sendable {
        package let tier: String
        package let files: [String]
        /// In their order, including those that never won.
        package let rules: [RuleWins]
        /// The most frequent cause first.
        package let refused: [Refused]
        package let responded: [Responded]
    }

    package struct RuleWins: Encodable, Sendable {
        package let rule: String
        package let location: String?
        package let wins: Int
    }

    package struct Refused: Encodable, Sendable {
        package let cause: String
        package let count: Int
        package let first: First
    }

    package struct Responded: Encodable, Sendable {
        package let status: Int
        package let count: Int
    }

    enum CodingKeys: String, CodingKey {
        case log, lines, requests, unparsable, forwarded, changed, tiers
        case withoutRequest = "without_request"
        case otherTier = "other_tier"
        case firstUnparsable = "first_unparsable"
        case firstChanged = "first_changed"
    }

    init(log: String, tiers: [ReplayTier], tally: ReplayTally) {
        self.log = log
        lines = tally.lines
        requests = tally.requests
        withoutRequest = tally.withoutRequest
        otherTier = tally.otherTier
        unparsable = tally.unparsable
        firstUnparsable = tally.firstUnparsable.map {
            Unparsable(line: $0.line, why: $0.fault.rawValue, text: $0.text)
        }
        forwarded = tally.forwarded
        changed = tally.changed.count
        firstChanged = tally.changed.first
        self.tiers = zip(tiers, tally.tiers).map { tier, tally in
            Tier(
                tier: tier.name,
                files: tier.files,
                rules: zip(tier.table.rules, tally.wins).map { rule, wins in
                    RuleWins(
                        rule: rule.name,
                        location: rule.origin.map { "\($0.file):\($0.line)" },
                        wins: wins
                    )
                },
                refused: tally.refused.sorted {
                    ($1.value.count, $0.key.rawValue) < ($0.value.count, $1.key.rawValue)
                }
                .compactMap { reason, count in
                    count.first.map { Refused(cause: reason.rawValue, count: count.count, first: $0) }
                },
                responded: tally.responded.sorted { $0.key < $1.key }.map {
                    Responded(status: $0.key, count: $0.value)
                }
            )
        }
    }
}

extension ReplayTally.Count {
    var first: ReplayReport.First? {
        count == 0 ? nil : ReplayReport.First(line: firstLine, host: firstHost)
    }
}
