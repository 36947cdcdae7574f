import Linting
import NIOCore
import Operations
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
        let difference = HostDifference(old: old.table, new: new.table)
        var worker = DiffWorker(old, new)
        var conditional: [DiffReport.Conditional] = []
        for change in difference.changes {
            let before = worker.result.changed
            let url = Array("http://\(change.host)/".utf8)
            worker.compare(DryRun.Request(url: url, client: IPAddress(v4: 0x7F00_0001)))
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
}

/// Compares the routes of one request after another.
private struct DiffWorker: LogWorker {
    private let old: DryRun
    private let new: DryRun
    private(set) var result = DiffTally()
    private var head = ByteBuffer()
    private var number = 0
    /// The client of lines without an address.
    private let unknownClient = IPAddress(v4: 0x7F00_0001)

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
        compare(head, from: IPAddress(request.client.span) ?? unknownClient, number, request.host)
    }

    mutating func compare(_ request: DryRun.Request) {
        number += 1
        guard let head = DryRun.head(request) else { return }
        compare(head, from: request.client, number, request.url)
    }

    private mutating func compare(_ head: ByteBuffer, from client: IPAddress, _ number: Int, _ host: [UInt8])
    {
        var before: DryRunStep?
        var after: DryRunStep?
        old.follow(head, from: client, writesLastHead: false) { before = $1 }
        new.follow(head, from: client, writesLastHead: false) { after = $1 }
        guard let before, let after else { return }
        result.note(before, after, number, host)
    }
}
