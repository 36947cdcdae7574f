package import Routing

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
