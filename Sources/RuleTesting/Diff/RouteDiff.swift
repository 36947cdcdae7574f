import Linting
import NIOCore
import Operations
package import RoutingConfig
import Routing

/// What changes for whom when one set of rules takes the place of another.
package struct RouteDiff {
    private let old: ReplayTier
    private let new: ReplayTier
    private let names: [NameDifference]

    package init(old: Configuration, new: Configuration) throws(ReplayFailure) {
        self.names = NameDifference.of(old, new)
        self.old = try ReplayTier("front", old)
        self.new = try ReplayTier("front", new)
    }

    /// Asks both about every request of an access log.
    package func replay(
        _ log: String,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(ReplayFailure) -> DiffReport {
        let (old, new) = (old, new)
        let walked = try LogWalk.run(log, progress: progress) { DiffWorker(old, new) }
        var tally = DiffTally()
        for result in walked.results { tally.add(result) }
        tally.unparsable += walked.tooLong.count
        return DiffReport(tally, names, asked: "replay")
    }

    /// Asks both about the requests of files of cases; what those expect does not count.
    package func cases(_ paths: [String]) throws(ConfigurationFailure) -> DiffReport {
        var worker = DiffWorker(old, new)
        for file in try CaseSuite.read(paths) {
            for routeCase in file.cases { worker.ask(routeCase.request) }
        }
        return DiffReport(worker.result, names, asked: "cases")
    }

    /// Asks both about hosts for which their rules are known to differ, one for each pair of rules.
    package func witnesses() -> DiffReport {
        let difference = HostDifference(old: old.table, new: new.table)
        var worker = DiffWorker(old, new)
        var conditional: [DiffReport.Conditional] = []
        for change in difference.changes {
            let before = worker.result.changed
            let url = Array("http://\(change.host)/".utf8)
            worker.ask(DryRun.Request(url: url, client: IPAddress(v4: 0x7F00_0001)))
            // What differs is asked for with another path, method, field or client.
            if worker.result.changed == before {
                conditional.append(.init(host: change.host, old: change.old, new: change.new))
            }
        }
        var report = DiffReport(worker.result, names, asked: "witnesses")
        report.conditional = conditional
        report.isComplete = difference.isComplete
        return report
    }
}

/// Asks the old rules and the new ones about one request after another.
private struct DiffWorker: LogWorker {
    private let old: DryRun
    private let new: DryRun
    private(set) var result = DiffTally()
    private var head = ByteBuffer()
    private var number = 0
    private let nobody = IPAddress(v4: 0x7F00_0001)

    init(_ old: ReplayTier, _ new: ReplayTier) {
        self.old = DryRun([old.stage()].compactMap { $0 }, frontAddress: nil, explain: false)
        self.new = DryRun([new.stage()].compactMap { $0 }, frontAddress: nil, explain: false)
    }

    mutating func line(
        _ line: Span<UInt8>,
        _ number: Int,
        fault: LogLineFault?,
        _ request: inout LoggedRequest
    ) {
        guard fault == nil else {
            result.unparsable += 1
            return
        }
        guard !request.method.isEmpty, request.write(into: &head) else { return }
        ask(head, from: IPAddress(request.client.span) ?? nobody, number, request.host)
    }

    mutating func ask(_ request: DryRun.Request) {
        number += 1
        guard let head = DryRun.head(request) else { return }
        ask(head, from: request.client, number, request.url)
    }

    private mutating func ask(_ head: ByteBuffer, from client: IPAddress, _ number: Int, _ host: [UInt8]) {
        var before: DryRunStep?
        var after: DryRunStep?
        old.follow(head, from: client, writesLastHead: false) { before = $1 }
        new.follow(head, from: client, writesLastHead: false) { after = $1 }
        guard let before, let after else { return }
        result.note(before, after, number, host)
    }
}
