@testable import Proxy
@testable import ProxyCore

/// The far end of one upstream connection: reads requests strictly, judges them, and
/// answers as its plans say.
final class SimulatedContainer {
    private enum State {
        /// Between requests, or a head is arriving.
        case waiting
        case request(String)
        case tunnel(String)
        case over
    }

    let wire: Wire
    let name: String
    private let ledger: Ledger
    private let faults: Bool
    private var random: Random
    private var reader = StrictReader(.request)
    private var state = State.waiting
    private var requests = 0
    private var plan: AnswerPlan?
    private var requestWhole = false
    private var sent = 0
    /// Bytes of the request's body that were compared.
    private var checked = 0
    private var tunnelled = 0
    private var told = 0

    /// Its connection was not used at once.
    var wasIdleAtFirst = false

    init(name: String, wire: Wire, ledger: Ledger, faults: Bool, seed: UInt64) {
        self.name = name
        self.wire = wire
        self.ledger = ledger
        self.faults = faults
        self.random = Random(seed: seed)
    }

    /// Does one thing, or not.
    ///
    /// - Parameter eager: no dawdling: whatever can be done is.
    /// - Returns: whether something happened.
    func step(eager: Bool) -> Bool {
        if wire.farClosed { return false }
        if !wire.fromBerth.isEmpty, eager || random.chance(1, in: 2) {
            take(wire.receive(1 + random.below(random.one(of: [10, 500, 50_000]))))
            return true
        }
        if wire.isDrained { return ended() }
        switch state {
        case .waiting:
            guard faults, !eager, requests > 0, random.chance(1, in: 50) else { return false }
            ledger.note("\(name) closes while it idles")
            ledger.connectionFaults += 1
            wire.close()
            state = .over
            return true
        case .request(let id):
            guard eager || random.chance(1, in: 3) else { return false }
            return answer(id)
        case .tunnel(let id):
            return tell(id)
        case .over:
            return false
        }
    }

    /// Berth closed, or closed its half.
    private func ended() -> Bool {
        if case .tunnel(let id) = state {
            if wire.berthFinished, told < SimulatedTunnel.length { return tell(id) }
            if !faults {
                ledger.expect(
                    tunnelled == SimulatedTunnel.length,
                    "\(id): \(tunnelled) bytes came out of the tunnel to the container"
                )
            }
        }
        ledger.note("\(name) closes, as Berth has")
        wire.close()
        state = .over
        return true
    }

    // MARK: Requests

    private func take(_ bytes: ArraySlice<UInt8>) {
        if case .tunnel(let id) = state { return tunnel(id, bytes) }
        reader.feed(bytes)
        do throws(NotStrict) {
            while true {
                switch try reader.next() {
                case .needMore:
                    checkProgress()
                    return
                case .head: try begin()
                case .end: end()
                }
                if case .tunnel(let id) = state { return tunnel(id, reader.takeRest()[...]) }
            }
        } catch {
            ledger.violate("\(name) got a request that is not strict: \(error)")
            wire.reset()
            state = .over
        }
    }

    private func begin() throws(NotStrict) {
        guard case .waiting = state else { throw NotStrict("a request before the answer to the last") }
        let message = reader.message
        guard let id = message.first("x-id"), let request = ledger.plans[id] else {
            throw NotStrict("nobody sent \(message.start)")
        }
        guard request.mayBegin else { throw NotStrict("\(id) must not be forwarded") }
        ledger.expect(message.method == request.method, "\(id) arrived as \(message.method)")
        ledger.expect(message.target == request.target, "\(id) arrived with the target \(message.target)")
        ledger.expect(message.first("host") == request.host, "\(id) arrived with another Host")
        ledger.expect(message.values("x-request-id") == [id], "\(id) arrived with another request id")
        ledger.expect(message.values("via").count == 1, "\(id) arrived without Via")
        if request.chunked {
            ledger.expect(message.framing == .chunked, "\(id) arrived with \(message.framing)")
        } else if !request.content.isEmpty {
            ledger.expect(
                message.framing == .length(request.content.count),
                "\(id) arrived with \(message.framing)"
            )
        }
        ledger.expect(message.connection("upgrade") == request.upgrades, "\(id) lost or found an upgrade")
        let arrival = (ledger.arrivals[id] ?? []).count + 1
        let answer = AnswerPlan(to: request, arrival: arrival, random: &random, faults: faults)
        ledger.note(
            "\(name) gets \(message.start); it will answer \(answer.status) \(answer.framing), fault \(String(describing: answer.fault))"
        )
        ledger.arrived(id, answer, reused: requests > 0 || wasIdleAtFirst, on: wire)
        requests += 1
        plan = answer
        sent = 0
        checked = 0
        requestWhole = false
        state = .request(id)
        // Whoever has to wait for 100 gets it, or a final answer.
        if request.expects, !answer.early, answer.fault == nil {
            wire.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)[...])
        }
    }

    private func checkProgress() {
        guard case .request(let id) = state, !requestWhole, let request = ledger.plans[id] else { return }
        let body = reader.message.body
        ledger.expect(
            body.count <= request.content.count
                && same(body[checked...], request.content[checked..<body.count]),
            "\(id): its body changed on the way"
        )
        checked = body.count
    }

    private func end() {
        guard case .request(let id) = state, let request = ledger.plans[id] else { return }
        requestWhole = true
        ledger.note("\(name) has all of \(id)")
        ledger.whole(id)
        ledger.expect(request.mayArrive, "\(id) must not arrive whole")
        ledger.expect(
            same(reader.message.body[...], request.content[...]),
            "\(id): its body changed on the way"
        )
        ledger.expect(reader.message.trailers == request.trailers, "\(id): its trailers changed on the way")
        finishIfDone()
    }

    // MARK: Answers

    private func answer(_ id: String) -> Bool {
        guard let plan, requestWhole || plan.early || plan.fault != nil else { return false }
        var limit = plan.bytes.count
        switch plan.fault {
        case .silence: return false
        case .stall(let at): limit = at
        case .truncation(let at, let reset):
            if sent >= at {
                ledger.note("\(name) breaks off its answer to \(id)\(reset ? " by reset" : "")")
                if reset { wire.reset() } else { wire.close() }
                state = .over
                return true
            }
            limit = at
        default: break
        }
        guard sent < limit, wire.room > 0 else { return false }
        let piece = plan.bytes[sent..<limit].prefix(wire.room).prefix(
            1 + random.below(random.one(of: [3, 300, 100_000]))
        )
        wire.send(piece)
        sent += piece.count
        finishIfDone()
        return true
    }

    /// The answer has been sent: what follows upon it.
    private func finishIfDone() {
        guard case .request(let id) = state, let plan, sent == plan.bytes.count else { return }
        if plan.upgrades {
            guard requestWhole else { return }
            state = .tunnel(id)
            tunnelled = 0
            told = 0
        } else if plan.closes {
            ledger.note("\(name) has answered \(id) and closes")
            // The rest of the request is still read: to close now would destroy the answer.
            if requestWhole { wire.close() } else { wire.finish() }
            state = .over
        } else if requestWhole {
            ledger.note("\(name) has answered \(id)")
            state = .waiting
        }
    }

    // MARK: After 101

    private func tunnel(_ id: String, _ bytes: ArraySlice<UInt8>) {
        ledger.expect(
            SimulatedTunnel.matches(bytes, of: "up-\(id)", at: tunnelled),
            "\(id): bytes changed in the tunnel to the container"
        )
        tunnelled += bytes.count
    }

    private func tell(_ id: String) -> Bool {
        guard told < SimulatedTunnel.length else {
            guard !wire.finished, !faults || random.chance(1, in: 3) else { return false }
            ledger.note("\(name) closes its half of the tunnel")
            wire.finish()
            return true
        }
        guard wire.room > 0 else { return false }
        let bytes = SimulatedTunnel.bytes("down-\(id)")
        let piece = bytes[told...].prefix(wire.room).prefix(1 + random.below(2_000))
        wire.send(piece)
        told += piece.count
        return true
    }
}

/// What passes through a tunnel: bytes that tell which tunnel and which direction.
enum SimulatedTunnel {
    static let length = 6_000

    static func bytes(_ name: String) -> [UInt8] { RequestPlan.content(of: name, count: length) }

    static func matches(_ bytes: ArraySlice<UInt8>, of name: String, at offset: Int) -> Bool {
        offset + bytes.count <= length
            && same(RequestPlan.content(of: name, count: offset + bytes.count)[offset...], bytes)
    }
}
