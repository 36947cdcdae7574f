package import Names
package import Routing

/// One name's way through DNS: which questions are asked, and what the answers come to.
///
/// A pure machine. Candidates of the search list are asked for one after another; of each first
/// the service, where one is set, and then both kinds of addresses at once.
package struct DNSResolution: Sendable {
    /// Hosts of one service that are looked at.
    static let maxHosts = 16
    /// Addresses of one name, all its hosts together; more are passed over.
    static let maxAddresses = 1024

    package enum Step: Equatable, Sendable {
        /// Ask these as well; nothing to do while others are open.
        case ask([DNSQuestion])
        case done(NameQueryResult)
    }

    private struct Host {
        let name: String
        let port: UInt16?
        let weight: UInt16
    }

    private let plan: DNSSearchPolicy
    /// Whether the machine has a way to an address at all (RFC 6724 §5, rule 1).
    private let isUsable: @Sendable (IPAddress) -> Bool
    private var candidates: ArraySlice<String>
    private var hosts: [Host] = []
    private var open: Set<DNSQuestion> = []
    private var answers: [DNSQuestion: DNSAnswer] = [:]
    private var problem: NameProblem?
    /// A candidate that no server answers for: it is no server's name, and counts where nothing else does.
    private var refusal: NameProblem?
    /// A server has said of a candidate that it is not there.
    private var isDenied = false
    /// The shortest life of all that was said, seconds.
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
    package mutating func take(_ result: Result<DNSAnswer, NameProblem>, for question: DNSQuestion) -> Step {
        guard open.remove(question) != nil else { return .ask([]) }
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
        guard open.isEmpty else { return .ask([]) }
        return question.kind == .srv ? servicesKnown(question) : addressesKnown()
    }

    private mutating func ask(_ questions: [DNSQuestion]) -> Step {
        open.formUnion(questions)
        return .ask(questions)
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
            return ask([DNSQuestion("\(service).\(candidate)", .srv)])
        }
        return askForAddresses()
    }

    private mutating func askForAddresses() -> Step {
        let names = Set(hosts.map(\.name)).sorted()
        return ask(names.flatMap { [DNSQuestion($0, .aaaa), DNSQuestion($0, .a)] })
    }

    private mutating func servicesKnown(_ question: DNSQuestion) -> Step {
        if let problem { return .done(.failed(problem)) }
        guard let answer = answers[question], !answer.services.isEmpty else {
            // Without a service's record the name itself counts.
            return askForAddresses()
        }
        // "." says that there is decidedly no such service.
        let services = answer.services.filter { !$0.host.isEmpty && $0.port > 0 }
        serviceTTL = answer.ttl ?? 0
        guard let first = services.map(\.priority).min() else {
            return .done(.none(ttl: .seconds(min(clamped(serviceTTL), plan.negativeTTL))))
        }
        hosts = services.sorted { ($0.priority, $0.host, $0.port) < ($1.priority, $1.host, $1.port) }
            .prefix(Self.maxHosts)
            .map { service in
                // Of another priority: only when no other is left.
                let weight = service.priority == first ? max(service.weight, 1) : 0
                return Host(name: service.host, port: service.port, weight: weight)
            }
        return askForAddresses()
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
                let named = NamedAddress(address: address, port: host.port, weight: host.weight)
                if addresses.count < Self.maxAddresses, known.insert(named).inserted {
                    addresses.append(named)
                }
            }
        }
        let usable = addresses.filter { isUsable($0.address) }
        if !usable.isEmpty { addresses = usable }
        if !addresses.isEmpty {
            // Half an answer is one, but is looked at again soon.
            if problem != nil { ttl = min(ttl, plan.negativeTTL) }
            return .done(.addresses(addresses, ttl: .seconds(clamped(ttl))))
        }
        // What could not be found out is not taken for something else that can be.
        if let problem { return .done(.failed(problem)) }
        return nextCandidate()
    }

    private func clamped(_ ttl: UInt32) -> UInt32 {
        min(max(ttl, plan.ttl.lowerBound), plan.ttl.upperBound)
    }

    /// IPv6 and IPv4 in turns, IPv6 first (RFC 8305 §4).
    private static func alternate(_ six: [IPAddress], _ four: [IPAddress]) -> [IPAddress] {
        var result: [IPAddress] = []
        for index in 0..<max(six.count, four.count) {
            if index < six.count { result.append(six[index]) }
            if index < four.count { result.append(four[index]) }
        }
        return result
    }
}
