import NIOCore

@testable import Proxy
@testable import ProxyCore

/// The far end of one downstream connection: sends its requests in pieces, reads the
/// answers strictly, and judges whether each is the answer to the request whose turn it is.
final class SimulatedClient {
    /// What a client does that ends its patience.
    enum Fault: Equatable {
        /// After that many bytes nothing more comes, and nobody closes.
        case stopsSending(at: Int)
        /// … and its output is closed.
        case halfCloses(at: Int)
        /// … and the connection is closed, in order or by reset.
        case leaves(at: Int, reset: Bool)
        /// After that many bytes nothing more is read.
        case stopsReading(at: Int)
    }

    let name: String
    let wire: Wire
    let plans: [RequestPlan]
    let fault: Fault?
    private let ledger: Ledger
    private var random: Random
    private var reader = StrictReader(.answer)

    /// All requests, one behind the other; and where each ends.
    private let bytes: [UInt8]
    private let ends: [Int]
    private var sent = 0
    /// Requests whose final answers came whole.
    private(set) var answered = 0
    /// How many requests may be under way at once.
    private let depth: Int
    /// 100, or a final answer, allowed the body of request `answered`.
    private var mayContinue = false
    private var tunnel: String?
    private var told = 0
    private var heard = 0
    /// The last answer said that the connection ends.
    private var saidClose = false
    private var brokenOff = false
    private var acted = false
    /// The answer that is being read is the first that Berth itself gave.
    private var statuses: [Int] = []

    init(name: String, plans: [RequestPlan], wire: Wire, ledger: Ledger, faults: Bool, seed: UInt64) {
        self.name = name
        self.plans = plans
        self.wire = wire
        self.ledger = ledger
        var random = Random(seed: seed)
        bytes = plans.flatMap { $0.head + $0.body }
        var end = 0
        ends = plans.map { plan in
            end += plan.length
            return end
        }
        depth = random.one(of: [1, 1, 2, 10])
        var fault: Fault?
        if faults, random.chance(1, in: 3) {
            let place = random.below(bytes.count + 1)
            switch random.below(6) {
            case 0: fault = .stopsSending(at: place)
            case 1: fault = .halfCloses(at: place)
            case 2: fault = .halfCloses(at: bytes.count)
            case 3: fault = .leaves(at: place, reset: true)
            case 4: fault = .leaves(at: place, reset: false)
            default: fault = .stopsReading(at: random.below(3_000))
            }
        }
        self.fault = fault
        self.random = random
        for plan in plans { ledger.add(plan) }
    }

    var isDone: Bool { wire.farClosed || (answered == plans.count && tunnel == nil) }

    /// When it last took something, and the longest time between two such moments.
    private var lastRead = NIODeadline.uptimeNanoseconds(0)
    private var longestSilence = TimeAmount.zero

    /// Does one thing, or not; see `SimulatedContainer.step`.
    func step(eager: Bool) -> Bool {
        if wire.farClosed { return false }
        if wire.fromBerth.isEmpty { lastRead = ledger.now }
        if reads, !wire.fromBerth.isEmpty, eager || random.chance(1, in: 2) {
            longestSilence = max(longestSilence, ledger.now - lastRead)
            lastRead = ledger.now
            take(wire.receive(1 + random.below(random.one(of: [10, 500, 50_000]))))
            return true
        }
        if reads, wire.isDrained { return ended() }
        if actsOut() { return true }
        return send()
    }

    private var reads: Bool {
        if case .stopsReading(let at) = fault, wire.takenByFar >= at { false } else { true }
    }

    // MARK: Sending

    private func actsOut() -> Bool {
        guard !acted else { return false }
        switch fault {
        case .halfCloses(let at) where sent >= at:
            ledger.note("\(name) closes its half")
            wire.finish()
        case .leaves(let at, let reset) where sent >= at:
            ledger.note("\(name) leaves\(reset ? " by reset" : "")")
            if reset { wire.reset() } else { wire.close() }
        default: return false
        }
        acted = true
        return true
    }

    private func send() -> Bool {
        if let tunnel { return tell(tunnel) }
        var limit = self.limit
        switch fault {
        case .stopsSending(let at), .halfCloses(let at), .leaves(let at, _): limit = min(limit, at)
        default: break
        }
        guard wire.canSend, wire.room > 0, !saidClose, sent < limit else { return false }
        let piece = bytes[sent..<limit].prefix(wire.room).prefix(
            1 + random.below(random.one(of: [2, 40, 1_000, 100_000]))
        )
        wire.send(piece)
        sent += piece.count
        return true
    }

    /// How far it may send: by depth, by expectation, and never past an upgrade.
    private var limit: Int {
        var last = answered
        while last < plans.count, last - answered < depth {
            let plan = plans[last]
            if plan.expects, !(last == answered && mayContinue) { return ends[last] - plan.body.count }
            last += 1
            // Nobody knows yet what follows an upgrade, and nothing may follow a last request.
            if plan.upgrades || plan.closes { break }
        }
        return last == 0 ? 0 : ends[last - 1]
    }

    // MARK: Reading

    private func take(_ bytes: ArraySlice<UInt8>) {
        if let tunnel { return hear(tunnel, bytes) }
        reader.feed(bytes)
        do throws(NotStrict) {
            while answered < plans.count, !saidClose || reader.isInBody {
                if !reader.isInBody { reader.expect(plans[answered].method, id: plans[answered].id) }
                switch try reader.next() {
                case .needMore: return
                case .head: try begin(plans[answered])
                case .end: try end(plans[answered])
                }
                if let tunnel { return hear(tunnel, reader.takeRest()[...]) }
            }
            // A request of which nothing was sent may be told that it took too long.
            guard reader.rest.isEmpty else { throw NotStrict("bytes behind the last answer") }
        } catch {
            ledger.violate("\(name) got an answer that is not strict: \(error)")
            wire.reset()
        }
    }

    private func begin(_ plan: RequestPlan) throws(NotStrict) {
        let message = reader.message
        ledger.note("\(name) gets \(message.start) for \(plan.id)")
        let start = answered == 0 ? 0 : ends[answered - 1]
        if sent <= start, message.status != 408 { throw NotStrict("an answer to nothing: \(message.start)") }
        if message.status < 200, message.status != 101 {
            ledger.expect(plan.is11, "\(plan.id) is of HTTP/1.0 and got \(message.status)")
            if message.status == 100 { mayContinue = true }
            return
        }
        statuses.append(message.status)
        mayContinue = true
        if message.status != 101 {
            saidClose = saidClose || message.connection("close")
            if message.framing == .untilClose, !saidClose {
                throw NotStrict("an end by close, and not said so")
            }
            if !plan.is11, message.framing == .chunked { throw NotStrict("chunks for HTTP/1.0") }
        }
        if let mark = message.first("x-answer") {
            try checkForwarded(plan, mark)
        } else {
            try checkLocal(plan)
        }
    }

    private func checkForwarded(_ plan: RequestPlan, _ mark: String) throws(NotStrict) {
        // A container that says more than it is asked cheats its own next client; nobody can tell.
        if mark == "surplus" { return }
        guard mark.prefix(while: { $0 != "#" }) == plan.id, let answer = ledger.answer(mark) else {
            throw NotStrict("\(plan.id) got the answer \(mark)")
        }
        ledger.expect(reader.message.status == answer.status || answer.upgrades, "\(mark) has another status")
        if reader.message.status == 101 {
            guard answer.upgrades else { throw NotStrict("\(plan.id) was upgraded by nobody") }
            tunnel = plan.id
        }
    }

    private func checkLocal(_ plan: RequestPlan) throws(NotStrict) {
        let message = reader.message
        guard message.first("server") == "berth" else { throw NotStrict("\(plan.id) got \(message.start)") }
        switch plan.route {
        case .local(let status) where plan.flaw != .head && message.status == status: return
        default: break
        }
        guard ledger.isExcused(plan) || fault != nil, message.status >= 400 else {
            throw NotStrict("\(plan.id) got \(message.start), for no reason")
        }
        if let id = message.first("x-request-id"), id != plan.id, ledger.plans[id] != nil {
            throw NotStrict("\(plan.id) got the failure of \(id)")
        }
        if plan.flaw == .head, sent >= ends[answered], message.status != 408 {
            ledger.expect(saidClose, "\(plan.id) is malformed, and its connection lives on")
        }
    }

    private func end(_ plan: RequestPlan) throws(NotStrict) {
        let message = reader.message
        guard message.status >= 200 else { return }
        if let mark = message.first("x-answer"), mark != "surplus", let answer = ledger.answer(mark) {
            guard answer.fault != .silence, same(message.body[...], answer.content[...]) else {
                throw NotStrict("\(mark): its body changed on the way")
            }
            if case .truncation = answer.fault { throw NotStrict("\(mark) was cut off and came whole") }
        }
        answered += 1
        mayContinue = false
    }

    /// Berth sends no more.
    private func ended() -> Bool {
        if let tunnel, wire.berthFinished, !wire.berthReset, told < SimulatedTunnel.length {
            return tell(tunnel)
        }
        if tunnel == nil, reader.isInBody || !reader.isBetween {
            if !wire.berthReset, reader.close() {
                do throws(NotStrict) { try end(plans[answered]) } catch {
                    ledger.violate("\(name): \(error)")
                }
            } else {
                brokenOff = true
            }
        }
        ledger.note("\(name) closes, as Berth has")
        wire.close()
        return true
    }

    // MARK: After 101

    private func hear(_ id: String, _ bytes: ArraySlice<UInt8>) {
        ledger.expect(
            SimulatedTunnel.matches(bytes, of: "down-\(id)", at: heard),
            "\(id): bytes changed in the tunnel to the client"
        )
        heard += bytes.count
    }

    private func tell(_ id: String) -> Bool {
        guard wire.canSend else { return false }
        guard told < SimulatedTunnel.length else {
            guard fault == nil else { return false }
            wire.finish()
            return true
        }
        guard wire.room > 0 else { return false }
        let bytes = SimulatedTunnel.bytes("up-\(id)")
        let piece = bytes[told...].prefix(wire.room).prefix(1 + random.below(2_000))
        wire.send(piece)
        told += piece.count
        return true
    }

    // MARK: The end

    /// Whether every request that Berth took has its answer, or there is a reason why not.
    func judge(calm: Bool) {
        let truncated = brokenOff && answered < plans.count && !ledger.isExcused(plans[answered])
        if truncated, fault == nil, !wire.berthReset {
            ledger.violate("\(plans[answered].id): its answer was broken off, for no reason")
        }
        if calm {
            ledger.expect(
                answered == plans.count || saidClose || tunnel != nil,
                "\(name) has \(answered) of \(plans.count) answers"
            )
            if let tunnel {
                ledger.expect(
                    heard == SimulatedTunnel.length,
                    "\(tunnel): \(heard) bytes came out of the tunnel"
                )
            }
        }
        switch fault {
        case .leaves, .stopsReading: return
        default: break
        }
        // One that closed its half, and for which nothing came, counts as one that left.
        if case .halfCloses = fault, ledger.wasLeft(plans[min(answered, plans.count - 1)]) { return }
        guard !saidClose, !brokenOff, !wire.berthReset, tunnel == nil, answered < plans.count else { return }
        // A client that took nothing of what waited for it for so long is cut off.
        guard longestSilence < Simulation.downstreamTimeout - DataPathConstants.tick else { return }
        // What is left of a body after an early answer is thrown away, for some time and if it is well formed.
        let before = plans[..<answered]
        if before.contains(where: { $0.flaw == .body || ledger.leaps > 0 && !$0.body.isEmpty }) { return }
        ledger.expect(
            wire.takenByBerth < ends[answered],
            "\(plans[answered].id) came whole and was not answered"
        )
    }
}
