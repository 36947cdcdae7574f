import Proxy
import Routing

/// What became of a log's requests. As JSON its keys are added to over time, never renamed or removed.
public struct ReplayReport: Encodable, Sendable {
    public let log: String
    /// All of them, the empty and the unreadable too.
    public let lines: Int
    public let requests: Int
    /// Lines of what was no request: its head could not be read when it came.
    public let withoutRequest: Int
    /// Lines of another tier than the first that was replayed.
    public let otherTier: Int
    public let unparsable: Int
    public let firstUnparsable: Unparsable?
    /// Requests that reach an endpoint.
    public let forwarded: Int
    /// Requests for which the log names another rule than the one that wins now.
    public let changed: Int
    public let firstChanged: First?
    public let tiers: [Tier]

    public struct Unparsable: Encodable, Sendable {
        public let line: Int
        public let why: String
        public let text: String
    }

    /// The first line that something was seen on.
    public struct First: Encodable, Sendable {
        public let line: Int
        public let host: String
    }

    public struct Tier: Encodable, Sendable {
        public let tier: String
        public let files: [String]
        /// In their order; those that never won too.
        public let rules: [RuleWins]
        /// The commonest first.
        public let refused: [Refused]
        public let answered: [Answered]
    }

    public struct RuleWins: Encodable, Sendable {
        public let rule: String
        public let location: String?
        public let wins: Int
    }

    public struct Refused: Encodable, Sendable {
        public let cause: String
        public let count: Int
        public let first: First
    }

    public struct Answered: Encodable, Sendable {
        public let status: Int
        public let count: Int
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
                answered: tally.answered.sorted { $0.key < $1.key }.map {
                    Answered(status: $0.key, count: $0.value)
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
