import DequeModule
import NIOCore

/// Answers that expired while they were not in use, or were evicted: they serve again if the source fails or is late
/// (RFC 8767). Bounded; the oldest leave first.
struct RetiredAnswers {
    struct Answer {
        /// Empty: the name did not exist here, but a later source had it.
        let addresses: [NamedAddress]
        let expired: NIODeadline
        let changed: NIODeadline
        let absentSince: NIODeadline?
        fileprivate(set) var serial: UInt64 = 0
    }

    private let names: Int
    private let addresses: Int
    private var answers: [String: Answer] = [:]
    /// In the order of their arrival; some are removed already.
    private var order = Deque<(name: String, serial: UInt64)>()
    private var addressCount = 0
    private var serial: UInt64 = 0

    /// The maximum number of names, and of the addresses of all of them.
    init(names: Int, addresses: Int) {
        self.names = names
        self.addresses = addresses
    }

    subscript(name: String) -> Answer? { answers[name] }

    /// The names that came last, the newest first.
    var newest: some Sequence<String> { order.reversed().lazy.map { $0.name } }

    mutating func insert(_ answer: Answer, for name: String) {
        remove(name)
        serial &+= 1
        var answer = answer
        answer.serial = serial
        answers[name] = answer
        order.append((name, serial))
        addressCount += answer.addresses.count
        while answers.count > names || addressCount > addresses, let oldest = order.popFirst() {
            if answers[oldest.name]?.serial == oldest.serial { remove(oldest.name) }
        }
        if order.count > 2 * names + 16 { order.removeAll { answers[$0.name]?.serial != $0.serial } }
    }

    @discardableResult
    mutating func remove(_ name: String) -> Answer? {
        guard let old = answers.removeValue(forKey: name) else { return nil }
        addressCount -= old.addresses.count
        return old
    }
}
