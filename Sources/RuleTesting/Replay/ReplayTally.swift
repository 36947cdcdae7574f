import Operations
import Proxy
import ProxyCore
import Routing

/// What became of the requests of a log: counts alone, so that it stays small however long the log is.
struct ReplayTally: Sendable {
    struct Fault: Sendable {
        var line: Int
        var fault: LogLineFault
        /// The beginning of the line.
        var text: String
    }

    /// How many, and which was the first.
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
        /// Of each rule, how often it won.
        var wins: [Int]
        var refused: [Failure.Reason: Count] = [:]
        /// By status: `redirect` and `respond`.
        var responded: [Int: Int] = [:]
    }

    var lines = 0
    var requests = 0
    /// Lines that were logged of what was no request: its head could not be read.
    var withoutRequest = 0
    /// Lines of another tier than the first.
    var otherTier = 0
    var unparsable = 0
    var firstUnparsable: Fault?
    var forwarded = 0
    /// Requests of which the log names another rule than the one that wins now.
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

    /// How much of a line is shown, bytes.
    private static let shownBytes = 200

    mutating func note(_ step: DryRunStep, _ place: Int, isLast: Bool, _ line: Int, _ host: [UInt8]) {
        if let index = step.decision?.ruleIndex, tiers[place].wins.indices.contains(index) {
            tiers[place].wins[index] += 1
        }
        if let failure = step.failure {
            tiers[place].refused[failure.reason, default: Count()].add(line, host)
        } else if step.isForwarded {
            if isLast { forwarded += 1 }
        } else if let status = step.decision?.outcome.status {
            tiers[place].responded[status, default: 0] += 1
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
        for (place, tier) in other.tiers.enumerated() where tiers.indices.contains(place) {
            for (rule, wins) in tier.wins.enumerated() { tiers[place].wins[rule] += wins }
            for (reason, count) in tier.refused { tiers[place].refused[reason, default: Count()].add(count) }
            for (status, count) in tier.responded { tiers[place].responded[status, default: 0] += count }
        }
    }
}

extension Routing.Outcome {
    /// The status with which a rule itself responds; nil: it does not.
    var status: Int? {
        switch self {
        case .redirect(let status, _), .respond(let status, _, _): status
        case .forward, .refuse: nil
        }
    }
}
