import NIOCore
import DryRun
import ProxyCore
import Routing

/// One thread's part of a replay.
struct ReplayWorker: LogWorker {
    private let run: DryRun
    private let firstTier: [UInt8]
    private let tierCount: Int
    private(set) var result: ReplayTally
    private var head = ByteBuffer()
    /// The client of lines without an address.
    private let unknownClient = IPAddress(v4: 0x7F00_0001)

    init(_ tiers: [ReplayTier], _ frontAddress: IPAddress?) {
        run = DryRun(tiers.map(\.dryRun), frontAddress: frontAddress, explain: false)
        firstTier = Array((tiers.first?.name ?? "").utf8)
        tierCount = tiers.count
        result = ReplayTally(rules: tiers.map(\.table.rules.count))
    }

    mutating func line(
        _ line: Span<UInt8>,
        _ number: Int,
        fault: LogLineFault?,
        _ request: inout LoggedRequest
    ) {
        result.lines += 1
        if let fault { return result.fault(fault, number, line) }
        if !request.tier.isEmpty, request.tier != firstTier {
            result.otherTier += 1
            return
        }
        guard !request.method.isEmpty else {
            result.withoutRequest += 1
            return
        }
        result.requests += 1
        guard request.write(into: &head) else {
            result.tiers[0].refused[.malformedRequest, default: .init()].add(number, request.host)
            return
        }
        let client = IPAddress(request.client.span) ?? unknownClient
        // Copies, because the closure changes `self`.
        let (run, head, last) = (run, head, tierCount - 1)
        run.follow(head, from: client, writesLastHead: false) { tier, step in
            result.note(step, tier, isLast: tier == last, number, request.host)
            guard tier == 0, request.hasRule, let decision = step.decision else { return }
            let isSame =
                decision.rule.map { $0.name.utf8.elementsEqual(request.rule) } ?? request.rule.isEmpty
            if !isSame { result.changed.add(number, request.host) }
        }
    }
}
