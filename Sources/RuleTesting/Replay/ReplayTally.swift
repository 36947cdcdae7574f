import DryRun
import ProxyCore
import Routing

/// Counts the results for the requests of a log. Its size does not depend on the length of the log.
struct ReplayTally: Sendable {
    struct Fault: Sendable {
        var line: Int
        var fault: LogLineFault
        /// The start of the line.
        var text: String
    }

    /// A count, with the first line that was counted.
    struct Count: Sendable {
        var count = 0
        var firstLine = Int.max
        var firstHost = ""

        mutating func add(_ line: Int, _ host: [UInt8]) {
            count += 1
            guard line < firstLine else { return }
            firstLine = line
            firstHost = String(decoding: host, as: UTF8.self)
        }

        mutating func add(_ other: Count) {
            count += other.count
            guard other.firstLine < firstLine else { return }
            (firstLine, firstHost) = (other.firstLine, other.firstHost)
        }
    }

    struct Tier: Sendable {
        /// How often each rule won, by index.
        var wins: [Int]
        var refused: [Failure.Reason: Count] = [:]
        /// Responses of rules (`redirect` and `respond`), by status.
        var responded: [Int: Int] = [:]
    }

    var lines = 0
    var requests = 0
    /// Lines without a request: the tier could not parse its head.
    var withoutRequest = 0
    /// Lines of a tier other than the first one.
    var otherTier = 0
    var unparsable = 0
    var firstUnparsable: Fault?
    var forwarded = 0
    /// Requests for which the log names another rule than the one that wins now.
    var changed = Count()
    var tiers: [Tier]

    init(rules: [Int]) {
        tiers = rules.map { Tier(wins: Array(repeating: 0, count: $0)) }
    }

    mutating func fault(_ fault: LogLineFault, _ line: Int, _ bytes: Span<UInt8>) {
        unparsable += 1
        guard line < firstUnparsable?.line ?? .max else { return }
        var start: [UInt8] = []
        for index in 0..<min(bytes.count, Self.shownBytes) { start.append(bytes[index]) }
        firstUnparsable = Fault(line: line, fault: fault, text: String(decoding: start, as: UTF8.self))
    }

    /// The number of bytes of a line that are shown.
    private static let shownBytes = 200

    mutating func note(_ step: DryRunStep, _ tier: Int, isLast: Bool, _ line: Int, _ host: [UInt8]) {
        if let rule = step.decision?.ruleIndex, tiers[tier].wins.indices.contains(rule) {
            tiers[tier].wins[rule] += 1
        }
        if let failure = step.failure {
            tiers[tier].refused[failure.reason, default: Count()].add(line, host)
        } else if step.isForwarded {
            if isLast { forwarded += 1 }
        } else if let status = step.decision?.outcome.status {
            tiers[tier].responded[status, default: 0] += 1
        }
    }

    mutating func add(_ other: ReplayTally) {
        lines += other.lines
        requests += other.requests
        withoutRequest += other.withoutRequest
        otherTier += other.otherTier
        unparsable += other.unparsable
        if let fault = other.firstUnparsable, fault.line < firstUnparsable?.line ?? .max {
            firstUnparsable = fault
        }
        forwarded += other.forwarded
        changed.add(other.changed)
        for (index, tier) in other.tiers.enumerated() where tiers.indices.contains(index) {
            for (rule, wins) in tier.wins.enumerated() { tiers[index].wins[rule] += wins }
            for (reason, count) in tier.refused { tiers[index].refused[reason, default: Count()].add(count) }
            for (status, count) in tier.responded { tiers[index].responded[status, default: 0] += count }
        }
    }
}

extension Routing.Outcome {
    /// The status of a rule's response; nil: the outcome is not a response of a rule.
    var status: Int? {
        switch self {
        case .redirect(let status, _), .respond(let status, _, _): status
        case .forward, .refuse: nil
        }
    }
}
