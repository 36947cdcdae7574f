import NIOCore
import Operations
import Proxy
import ProxyCore
package import Routing
package import RoutingConfig

/// The rules of one tier, for a replay: for all threads.
package struct ReplayTier: Sendable {
    private let plan: TierPlan
    package let files: [String]

    /// - Throws: where a name source cannot be set up. None is asked over the network.
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

    /// What a thread decides with; nil only if a file of names went away just now.
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
    ///   - log: a file, or `-` for standard input. It is streamed: memory does not grow with it.
    ///   - progress: told now and then which part is read, 0 to 1; on any thread.
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
    private let places: Int
    private(set) var result: ReplayTally
    private var head = ByteBuffer()
    private let nobody = IPAddress(v4: 0x7F00_0001)

    init(_ tiers: [ReplayTier], _ frontAddress: IPAddress?) {
        run = DryRun(tiers.compactMap { $0.stage() }, frontAddress: frontAddress, explain: false)
        firstTier = Array((tiers.first?.name ?? "").utf8)
        places = tiers.count
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
        let client = IPAddress(request.client.span) ?? nobody
        // Copies, so that what is told below may change the rest.
        let (run, head, last) = (run, head, places - 1)
        run.follow(head, from: client, writesLastHead: false) { place, step in
            result.note(step, place, isLast: place == last, number, request.host)
            guard place == 0, request.namesRule, let decision = step.decision else { return }
            let isSame =
                decision.rule.map { $0.name.utf8.elementsEqual(request.rule) } ?? request.rule.isEmpty
            if !isSame { result.changed.add(number, request.host) }
        }
    }
}
