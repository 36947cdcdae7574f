package import Names
package import Routing

/// The resolution of one name: its queries, and the result of their answers.
///
/// A pure machine. The candidates of the search list are queried one after another; for each, first the service
/// where one is set, and then both kinds of addresses at once.
package struct DNSResolution: Sendable {
    /// The maximum number of hosts of one service.
    static let maxHosts = 16
    /// The maximum number of addresses of one name, all its hosts together; more are ignored.
    static let maxAddresses = 1024

    package enum Step: Equatable, Sendable {
        /// Send these queries; empty: wait for the pending ones.
        case query([DNSQuestion])
        case done(NameQueryResult)
    }

    private struct Host {
        let name: String
        let port: UInt16?
        let weight: UInt16
        var isBackup = false
    }

    private let plan: DNSSearchPolicy
    /// Whether the machine has a route to an address (RFC 6724 §5, rule 1).
    private let isUsable: @Sendable (IPAddress) -> Bool
    private var candidates: ArraySlice<String>
    private var hosts: [Host] = []
    private var open: Set<DNSQuestion> = []
    private var answers: [DNSQuestion: DNSAnswer] = [:]
    private var problem: NameProblem?
    /// All servers refused a candidate; it counts only where no other result does.
    private var refusal: NameProblem?
    /// A server reported that a candidate does not exist.
    private var isDenied = false
    /// The minimum life of all answers, seconds.
    private var ttl: UInt32 = .max
    private var negativeTTL: UInt32 = .max
    private var serviceTTL: UInt32 = .max

    package init(_ name: String, _ plan: DNSSearchPolicy, isUsable: @escaping @Sendable (IPAddress) -> Bool) {
        self.plan = plan
        self.isUsable = isUsable
        self.candidates = plan.candidates(name)[...]
    }

    package mutating func begin() -> Step {
        nextCandidate()
    }

    /// An answer, or why there is none.
    package mutating func receive(_ result: Result<DNSAnswer, NameProblem>, for question: DNSQuestion) -> Step
    {
        guard open.remove(question) != nil else { return .query([]) }
        switch result {
        case .success(let answer):
            answers[question] = answer
            if let refusal = answer.refusal {
                self.refusal = self.refusal ?? refusal
            } else if answer.isEmpty {
                isDenied = true
                negativeTTL = min(negativeTTL, answer.ttl ?? 0)
            }
        case .failure(let problem):
            self.problem = self.problem ?? problem
        }
        guard open.isEmpty else { return .query([]) }
        return question.kind == .srv ? servicesKnown(question) : addressesKnown()
    }

    private mutating func query(_ questions: [DNSQuestion]) -> Step {
        open.formUnion(questions)
        return .query(questions)
    }

    private mutating func nextCandidate() -> Step {
        guard let candidate = candidates.popFirst() else {
            if let refusal, !isDenied { return .done(.failed(refusal)) }
            return .done(.none(ttl: .seconds(min(max(negativeTTL, plan.ttl.lowerBound), plan.negativeTTL))))
        }
        answers = [:]
        serviceTTL = .max
        hosts = [Host(name: candidate, port: nil, weight: 1)]
        if let service = plan.service {
            return query([DNSQuestion("\(service).\(candidate)", .srv)])
        }
        return queryAddresses()
    }

    private mutating func queryAddresses() -> Step {
        let names = Set(hosts.map(\.name)).sorted()
        return query(names.flatMap { [DNSQuestion($0, .aaaa), DNSQuestion($0, .a)] })
    }

    private mutating func servicesKnown(_ question: DNSQuestion) -> Step {
        if let problem { return .done(.failed(problem)) }
        guard let answer = answers[question], !answer.services.isEmpty else {
            // Without SRV records the name itself counts.
            return queryAddresses()
        }
        // "." means that the service is not offered.
        let services = answer.services.filter { !$0.host.isEmpty && $0.port > 0 }
        serviceTTL = answer.ttl ?? 0
        guard let first = services.map(\.priority).min() else {
            return .done(.none(ttl: .seconds(min(clamped(serviceTTL), plan.negativeTTL))))
        }
        let second = services.map(\.priority).filter { $0 != first }.min()
        hosts = services.sorted { ($0.priority, $0.host, $0.port) < ($1.priority, $1.host, $1.port) }
            .prefix(Self.maxHosts)
            .map { service in
                // Those of the next priority are backups; further ones get requests only when no other backup is left.
                let isLast = service.priority > (second ?? first)
                return Host(
                    name: service.host,
                    port: service.port,
                    weight: isLast ? 0 : max(service.weight, 1),
                    isBackup: service.priority != first
                )
            }
        return queryAddresses()
    }

    private mutating func addressesKnown() -> Step {
        var addresses: [NamedAddress] = []
        var known: Set<NamedAddress> = []
        ttl = serviceTTL
        for host in hosts {
            let six = answers[DNSQuestion(host.name, .aaaa)]
            let four = answers[DNSQuestion(host.name, .a)]
            for answer in [six, four] { if let answer, !answer.isEmpty { ttl = min(ttl, answer.ttl ?? 0) } }
            for address in Self.alternate(six?.addresses ?? [], four?.addresses ?? []) {
                let named = NamedAddress(
                    address: address,
                    port: host.port,
                    weight: host.weight,
                    isBackup: host.isBackup
                )
                if addresses.count < Self.maxAddresses, known.insert(named).inserted {
                    addresses.append(named)
                }
            }
        }
        let usable = addresses.filter { isUsable($0.address) }
        if !usable.isEmpty { addresses = usable }
        if !addresses.isEmpty {
            // A partial answer is used, but queried again soon.
            if problem != nil { ttl = min(ttl, plan.negativeTTL) }
            return .done(.addresses(addresses, ttl: .seconds(clamped(ttl))))
        }
        // A failed query must not lead to another candidate.
        if let problem { return .done(.failed(problem)) }
        return nextCandidate()
    }

    private func clamped(_ ttl: UInt32) -> UInt32 {
        min(max(ttl, plan.ttl.lowerBound), plan.ttl.upperBound)
    }

    /// IPv6 and IPv4 alternately, IPv6 first (RFC 8305 §4).
    private static func alternate(_ six: [IPAddress], _ four: [IPAddress]) -> [IPAddress] {
        var result: [IPAddress] = []
        for index in 0..<max(six.count, four.count) {
            if index < six.count { result.append(six[index]) }
            if index < four.count { result.append(four[index]) }
        }
        return result
    }
}
