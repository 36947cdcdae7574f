import NIOCore

@testable import Proxy
@testable import ProxyCore

/// What everybody in a simulation knows to have happened, and what of it must not have.
final class Ledger {
    /// A request that reached a container.
    struct Arrival {
        let answer: AnswerPlan
        /// The connection had carried a request before.
        let reused: Bool
        let wire: Wire
        /// What Berth had taken from the container by then, bytes.
        let taken: Int
        var whole = false

        /// Bytes of its answer reached Berth.
        var isAnswered: Bool { wire.takenByBerth > taken }
    }

    /// One line of the access log.
    struct Record {
        let target: String
        let status: Int
        let failure: Failure.Reason?
        let bytesOut: UInt64
        let retried: Bool
    }

    private(set) var plans: [String: RequestPlan] = [:]
    private(set) var arrivals: [String: [Arrival]] = [:]
    private(set) var records: [Record] = []
    private(set) var violations: [String] = []
    /// Connections that were refused, or timed out, or were closed while they idled:
    /// whose requests they would have carried nobody can tell.
    var connectionFaults = 0
    /// Jumps of time that are longer than some timeout.
    var leaps = 0
    /// Where the events go, when somebody reads them.
    var trace: [String]?
    var now = NIODeadline.uptimeNanoseconds(0)

    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(now.uptimeNanoseconds / 1_000_000) ms  \(text())")
    }

    func violate(_ text: String) {
        note("VIOLATION: \(text)")
        violations.append(text)
    }

    func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { violate(text()) }
    }

    func add(_ plan: RequestPlan) {
        plans[plan.id] = plan
    }

    // MARK: At the containers

    /// A request's head reached a container.
    func arrived(_ id: String, _ answer: AnswerPlan, reused: Bool, on wire: Wire) {
        let before = arrivals[id] ?? []
        if let plan = plans[id], let last = before.last {
            expect(plan.isRepeatable, "\(id) (\(plan.method)) was sent again")
            expect(before.count < 2, "\(id) was sent more than twice")
            expect(last.reused, "\(id) was sent again after a fresh connection failed")
            expect(!last.isAnswered, "\(id) was sent again after an answer had begun")
        }
        arrivals[id] =
            before + [Arrival(answer: answer, reused: reused, wire: wire, taken: wire.takenByBerth)]
    }

    func whole(_ id: String) {
        guard let last = arrivals[id]?.indices.last else { return }
        arrivals[id]?[last].whole = true
    }

    func answer(_ mark: String) -> AnswerPlan? {
        let id = String(mark.prefix { $0 != "#" })
        return arrivals[id]?.first { $0.answer.mark == mark }?.answer
    }

    /// Berth ended this request because its client had closed at least its half.
    func wasLeft(_ plan: RequestPlan) -> Bool {
        records.contains { $0.failure == .downstreamClosed && $0.target.hasSuffix(plan.target) }
    }

    /// Something happened that lets Berth fail this request.
    func isExcused(_ plan: RequestPlan) -> Bool {
        if plan.flaw != nil || connectionFaults > 0 || leaps > 0 { return true }
        if case .limited = plan.route, !plan.mayArrive { return true }
        return (arrivals[plan.id] ?? []).contains { !$0.answer.isWhole }
    }
}

extension Ledger: ExchangeLog {
    func record(_ record: ExchangeRecord) {
        let entry = Record(
            target: String(buffer: record.target),
            status: record.status,
            failure: record.failure?.reason,
            bytesOut: record.bytesOut,
            retried: record.retried
        )
        note("log: \(entry.target) \(entry.status) \(entry.failure?.rawValue ?? "-") \(entry.bytesOut)")
        records.append(entry)
    }

    func flush() {}
}

extension Ledger {
    /// Each request has one line in the log, and no line has no request.
    ///
    /// - Parameter requests: how many Berth counted.
    func judgeRecords(requests: Int) {
        expect(records.count == requests, "\(records.count) log records of \(requests) requests")
        let byTarget = Dictionary(grouping: records, by: \.target)
        for (id, plan) in plans.sorted(by: { $0.key < $1.key }) where plan.flaw != .head {
            let count =
                byTarget[plan.target, default: []].count
                + byTarget["http://\(plan.host)\(plan.target)", default: []].count
            let retried = records.contains { $0.retried && $0.target.hasSuffix(plan.target) }
            expect(!retried || plan.isRepeatable, "\(id) (\(plan.method)) was tried again")
            expect(count <= 1, "\(id) has \(count) log records")
            if !(arrivals[id] ?? []).isEmpty {
                expect(count == 1, "\(id) was forwarded and is not in the log")
            }
        }
    }
}
