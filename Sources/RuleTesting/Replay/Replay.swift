import NIOCore
import Operations
import Proxy
import ProxyCore
package import Routing
package import RoutingConfig

/// The rules of one tier for a replay, shared by all threads.
package struct ReplayTier: Sendable {
    private let plan: TierPlan
    package let files: [String]

    /// - Throws: if a name source cannot be set up. None is queried over the network.
    package init(_ name: String, _ configuration: Configuration) throws(ReplayFailure) {
        plan = TierPlan(name: name, configuration: configuration, instance: "dry-run")
        files = configuration.files
        do {
            _ = try DryRun.Stage(plan, files: files, offline: true)
        } catch {
            throw ReplayFailure("\(error)")
        }
    }

    package var name: String { plan.settings.name }
    package var table: RouteTable { plan.table }

    /// The stage of one thread; nil: a file of names was removed after `init`.
    func stage() -> DryRun.Stage? {
        try? DryRun.Stage(plan, files: files, offline: true)
    }
}

/// Sends every request of an access log through the rules.
package struct Replay {
    private let tiers: [ReplayTier]
    private let frontAddress: IPAddress?

    /// - Parameter tiers: front first.
    package init(_ tiers: [ReplayTier], frontAddress: IPAddress?) {
        self.tiers = tiers
        self.frontAddress = frontAddress
    }

    /// - Parameters:
    ///   - log: a file, or `-` for standard input. It is streamed: memory use does not depend on its size.
    ///   - progress: called now and then with the part that was read, 0 to 1; on any thread.
    package func run(
        _ log: String,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(ReplayFailure) -> ReplayReport {
        let (tiers, frontAddress) = (tiers, frontAddress)
        let walked = try LogWalk.run(log, progress: progress) {
            ReplayWorker(tiers, frontAddress)
        }
        var tally = ReplayTally(rules: tiers.map(\.table.rules.count))
        for result in walked.results { tally.add(result) }
        if walked.tooLong.count > 0 {
            tally.lines += walked.tooLong.count
            tally.unparsable += walked.tooLong.count
            if walked.tooLong.first < tally.firstUnparsable?.line ?? .max {
                tally.firstUnparsable = ReplayTally.Fault(
                    line: walked.tooLong.first,
                    fault: .tooLong,
                    text: ""
                )
            }
        }
        return ReplayReport(log: log, tiers: tiers, tally: tally)
    }
}

/// One thread's part of a replay.
private struct ReplayWorker: LogWorker {
    private let run: DryRun
    private let firstTier: [UInt8]
    private let tierCount: Int
    private(set) var result: ReplayTally
    private var head = ByteBuffer()
    /// The client of lines without an address.
    private let unknownClient = IPAddress(v4: 0x7F00_0001)

    init(_ tiers: [ReplayTier], _ frontAddress: IPAddress?) {
        run = DryRun(tiers.compactMap { $0.stage() }, frontAddress: frontAddress, explain: false)
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
