@testable import Proxy
@testable import ProxyCore

/// What a simulated container does with one request that reached it.
struct AnswerPlan {
    /// What goes wrong, if anything.
    enum Fault: Equatable {
        /// Says nothing, for ever.
        case silence
        /// Stops in the middle, and neither closes nor goes on.
        case stall(at: Int)
        /// Closes in the middle, in order or by reset.
        case truncation(at: Int, reset: Bool)
        /// Sends what is no answer.
        case garbage
        /// Sends more than was asked for.
        case surplus
        /// Switches protocols, and nobody asked.
        case unaskedUpgrade
        /// More interim answers than anybody needs.
        case interimFlood
    }

    enum Framing { case none, length, chunked, untilClose }

    /// Echoed by the answer: the request's id and which of its arrivals this one is.
    let mark: String
    var status = 200
    var content: [UInt8] = []
    var framing = Framing.length
    var fault: Fault?
    /// Begins before the request's body is whole.
    var early = false
    /// The connection ends behind it.
    var closes = false
    var upgrades = false
    var bytes: [UInt8] = []

    /// May what the client gets be anything but this answer?
    var isWhole: Bool { fault == nil || fault == .surplus }

    init(to plan: RequestPlan, arrival: Int, random: inout Random, faults: Bool) {
        mark = "\(plan.id)#\(arrival)"
        early = random.chance(1, in: 10)
        if plan.upgrades, random.chance(3, in: 4) {
            upgrades = true
            bytes = Array(
                "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: echo\r\nX-Answer: \(mark)\r\n\r\n"
                    .utf8
            )
        } else {
            choose(plan, &random)
        }
        if faults, random.chance(1, in: 5) { spoil(plan, &random) }
    }

    private mutating func choose(_ plan: RequestPlan, _ random: inout Random) {
        status = random.one(of: [200, 200, 200, 200, 201, 404, 500, 204, 304])
        let is11 = !random.chance(1, in: 10)
        framing = random.one(of: [.length, .length, .chunked, .untilClose])
        if !is11, framing == .chunked { framing = .length }
        if status == 204 || status == 304 { framing = .none }
        closes = framing == .untilClose || !is11 || random.chance(1, in: 8)
        if framing != .none {
            let size =
                random.chance(1, in: 60)
                ? 200_000 : random.below(random.one(of: [1, 20, 500, 5_000, 30_000]))
            content = RequestPlan.content(of: mark, count: size)
        }
        var text = ""
        if plan.is11 {
            for _ in 0..<(random.chance(1, in: 5) ? 1 + random.below(3) : 0) {
                text +=
                    "HTTP/1.1 \(random.one(of: ["100 Continue", "103 Early Hints\r\nLink: </a>"]))\r\n\r\n"
            }
        }
        text += "HTTP/1.\(is11 ? 1 : 0) \(status) Some words\r\nX-Answer: \(mark)\r\n"
        if closes, is11 { text += "Connection: close\r\n" }
        var body = content
        switch framing {
        case .none: break
        case .length: text += "Content-Length: \(content.count)\r\n"
        case .chunked:
            text += "Transfer-Encoding: chunked\r\n"
            body = RequestPlan.chunks(content, trailers: [], &random)
        case .untilClose: break
        }
        if plan.method == "HEAD" {
            body = []
            content = []
            if framing == .untilClose { framing = .none }
        }
        bytes = Array((text + "\r\n").utf8) + body
    }

    private mutating func spoil(_ plan: RequestPlan, _ random: inout Random) {
        // Often before the first byte: then, and only then, may a request be sent again.
        let place = random.chance(1, in: 3) ? 0 : random.below(bytes.count)
        switch random.below(upgrades ? 4 : 8) {
        case 0: fault = .silence
        case 1: fault = .stall(at: random.below(bytes.count))
        case 2: fault = .truncation(at: place, reset: framing == .untilClose)
        case 3: fault = .truncation(at: place, reset: true)
        case 4:
            fault = .garbage
            // Some of it begins well.
            status = 200
            content = []
            let mark = "X-Answer: \(mark)\r\n"
            bytes = Array(
                random.one(of: [
                    "\u{16}\u{3}\u{1}garbage\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n\(mark)Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n\(mark)Content-Length: 3, 4\r\n\r\nabcd",
                    "HTTP/1.1 2000 OK\r\n\(mark)\r\n",
                    "HTTP/1.1 200 OK\r\n\(mark)X-A : b\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n\(mark)X-A: b\rX-C: d\r\n\r\n",
                    "HTTP/1.1 200 OK\r\n\(mark)Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
                    "HTTP/1.1 200 OK\r\n\(mark)Transfer-Encoding: gzip\r\n\r\nabc",
                    "HTTP/1.1 200 OK\r\n\(mark)X-A: \(String(repeating: "a", count: 40_000))\r\n\r\n",
                ]).utf8
            )
        case 5:
            fault = .surplus
            bytes += Array("HTTP/1.1 200 OK\r\nX-Answer: surplus\r\nContent-Length: 0\r\n\r\n".utf8)
            // Without an end there is no telling what is too much.
            if framing == .untilClose { fault = .silence }
        case 6:
            guard !plan.upgrades else { return fault = .silence }
            fault = .unaskedUpgrade
            bytes = Array("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nboo".utf8)
        default:
            fault = .interimFlood
            bytes = Array(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 40).utf8) + bytes
        }
    }
}
