import Linting
import DryRun
package import RoutingConfig
import Routing

/// Compares the routes of two sets of rules.
package struct RouteDiff {
    private let old: ReplayTier
    private let new: ReplayTier
    private let names: [NameDifference]

    package init(old: Configuration, new: Configuration) throws(ReplayFailure) {
        self.names = NameDifference.of(old, new)
        self.old = try ReplayTier("front", old)
        self.new = try ReplayTier("front", new)
    }

    /// Compares the routes of every request in an access log.
    package func replay(
        _ log: String,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(ReplayFailure) -> DiffReport {
        let (old, new) = (old, new)
        let walked = try LogWalk.run(log, progress: progress) { DiffWorker(old, new) }
        var tally = DiffTally()
        for result in walked.results { tally.add(result) }
        tally.unparsable += walked.tooLong.count
        return DiffReport(tally, names, source: "replay")
    }

    /// Compares the routes of the requests in files of cases. Their expectations are ignored.
    package func cases(_ paths: [String]) throws(ConfigurationFailure) -> DiffReport {
        var worker = DiffWorker(old, new)
        for file in try CaseSuite.read(paths) {
            for routeCase in file.cases { worker.compare(routeCase.request) }
        }
        return DiffReport(worker.result, names, source: "cases")
    }

    /// Compares the routes of computed hosts: one for each pair of rules that differ.
    package func witnesses() -> DiffReport {
        let today = DryRun([old.dryRun], frontAddress: nil, explain: false)
        let difference = HostDifference(old: old.table, new: new.table, names: old.knownNames) { host in
            today.run(Self.request(host.text)).succeeds
        }
        var worker = DiffWorker(old, new)
        var conditional: [DiffReport.Conditional] = []
        for change in difference.changes {
            let before = worker.result.changed
            worker.compare(Self.request(change.host))
            // The route differs only for other paths, methods, fields or clients.
            if worker.result.changed == before {
                conditional.append(.init(host: change.host, old: change.old, new: change.new))
            }
        }
        var report = DiffReport(worker.result, names, source: "witnesses")
        report.conditional = conditional
        report.isComplete = difference.isComplete
        return report
    }

    private static func request(_ host: String) -> DryRunRequest {
        DryRunRequest(url: Array("http://\(host)/".utf8), client: IPAddress(v4: 0x7F00_0001))
    }
}
