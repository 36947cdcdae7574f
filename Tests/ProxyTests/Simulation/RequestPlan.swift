@testable import Proxy
@testable import ProxyCore

/// A request that a simulated client will send, and what may become of it.
struct RequestPlan {
    /// What is wrong with it, if anything.
    enum Flaw {
        /// It must not reach an upstream at all.
        case head
        /// It may begin to, and must not be whole there.
        case body
    }

    /// Who answers.
    enum Route: Equatable {
        case upstream
        /// Berth itself, with this status.
        case local(Int)
        /// An upstream, unless the body is longer than this: then Berth, with 413.
        case limited(Int)
    }

    let id: String
    var method: String
    var host: String
    var is11 = true
    var content: [UInt8] = []
    var chunked = false
    var trailers: [String] = []
    var expects = false
    var upgrades = false
    /// The client asks for the connection to end after it.
    var closes = false
    var flaw: Flaw?
    var head: [UInt8] = []
    var body: [UInt8] = []

    var target: String { "/r/\(id)" }
    var length: Int { head.count + body.count }

    /// RFC 9110 §9.2.2, as far as these methods go.
    var isRepeatable: Bool { ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(method) && !upgrades }

    var route: Route {
        switch host {
        case "redirect.test": .local(302)
        case "respond.test": .local(200)
        case "nobody.test": .local(503)
        case "nowhere.example": .local(404)
        case "limited.test": .limited(Simulation.bodyLimit)
        default: .upstream
        }
    }

    /// Whether all of it may stand at an upstream.
    var mayArrive: Bool {
        if flaw != nil { return false }
        switch route {
        case .upstream: return true
        case .local: return false
        case .limited(let limit): return content.count <= limit
        }
    }

    /// Whether part of it may.
    var mayBegin: Bool {
        if flaw == .head { return false }
        if case .local = route { return false }
        return true
    }
}

extension RequestPlan {
    /// A request by chance.
    ///
    /// - Parameter faults: whether it may be malformed, or one that Berth can't forward.
    init(id: String, random: inout Random, faults: Bool) {
        self.id = id
        method = random.one(of: [
            "GET", "GET", "GET", "POST", "POST", "PUT", "HEAD", "DELETE", "PATCH", "QUERY",
        ])
        host = random.one(of: ["a.test", "b.test", "c.test"])
        if random.chance(1, in: 8) {
            host = random.one(of: [
                "redirect.test", "respond.test", "nobody.test", "nowhere.example", "limited.test",
            ])
        }
        is11 = !random.chance(1, in: 8)
        if method != "GET" && method != "HEAD" || random.chance(1, in: 10) { addContent(&random) }
        closes = random.chance(1, in: 12)
        if is11, content.isEmpty, !chunked, random.chance(1, in: 12) { upgrades = true }
        expects = is11 && !body.isEmpty && random.chance(1, in: 4)
        writeHead(&random)
        if faults, random.chance(1, in: 10) { spoil(&random) }
    }

    private mutating func addContent(_ random: inout Random) {
        let sizes = [0, 1, 10, 100, 1_000, 5_000, 20_000]
        let size = random.chance(1, in: 60) ? 200_000 : random.below(random.one(of: sizes) + 1)
        content = Self.content(of: id, count: size)
        chunked = is11 && random.chance(1, in: 2)
        if chunked {
            if random.chance(1, in: 4) { trailers = ["X-Trailer: \(id)"] }
            body = Self.chunks(content, trailers: trailers, &random)
        } else {
            body = content
        }
    }

    private mutating func writeHead(_ random: inout Random) {
        var text = random.chance(1, in: 20) ? "\r\n" : ""
        let absolute = random.chance(1, in: 20)
        text += "\(method) \(absolute ? "http://\(host)" : "")\(target) HTTP/1.\(is11 ? 1 : 0)\r\n"
        text += "Host: \(host)\r\nX-Id: \(id)\r\nX-Request-ID: \(id)\r\n"
        if random.chance(1, in: 4) {
            text += "X-Filler: \(String(repeating: "f", count: random.below(600)))\r\n"
        }
        if chunked {
            text += "Transfer-Encoding: chunked\r\n"
        } else if !content.isEmpty || ["POST", "PUT", "PATCH"].contains(method) {
            text += "Content-Length: \(content.count)\r\n"
        }
        if expects { text += "Expect: 100-continue\r\n" }
        if upgrades {
            text += "Connection: upgrade\r\nUpgrade: echo\r\n"
            closes = false
        } else if closes {
            text += "Connection: close\r\n"
        } else if !is11 {
            if random.chance(1, in: 2) { text += "Connection: keep-alive\r\n" } else { closes = true }
        }
        head = Array((text + "\r\n").utf8)
    }

    /// Bytes that belong to this id and no other.
    static func content(of id: String, count: Int) -> [UInt8] {
        let pattern = Array("<\(id)>0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + pattern.count)
        while bytes.count < count { bytes += pattern }
        return Array(bytes.prefix(count))
    }

    /// The content in chunks by chance, some with extensions and needless zeros.
    static func chunks(_ content: [UInt8], trailers: [String], _ random: inout Random) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = content[...]
        let most = max(1, content.count / (1 + random.below(6)))
        while !rest.isEmpty {
            let piece = rest.prefix(1 + random.below(most))
            rest = rest.dropFirst(piece.count)
            let zeros = random.chance(1, in: 6) ? "00" : ""
            let note = random.chance(1, in: 6) ? ";note=\"a b\"" : ""
            bytes += Array((zeros + String(piece.count, radix: 16) + note + "\r\n").utf8)
            bytes += piece
            bytes += [13, 10]
        }
        return bytes + Array(("0\r\n" + trailers.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
    }

    /// Makes it one of the malformed ones.
    private mutating func spoil(_ random: inout Random) {
        let line = "\(method) \(target) HTTP/1.1\r\n"
        let host = "Host: \(self.host)\r\n"
        let heads = [
            line + "\r\n",
            line + host + host + "\r\n",
            line + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            line + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            line + host + "Content-Length: +3\r\n\r\nabc",
            line + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            line + host + "X-A : b\r\n\r\n",
            line + host + "X-A: b\r\n c\r\n\r\n",
            line + host + "X-A: b\n\r\n",
            line + host + "X-A: b\u{0}\r\n\r\n",
            "\(method) \(target) HTTP/2.0\r\n" + host + "\r\n",
            "\(method) \(target) HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "TRACE \(target) HTTP/1.1\r\n" + host + "\r\n",
            "{} \(target) HTTP/1.1\r\n" + host + "\r\n",
            line + host + "Expect: tea\r\n\r\n",
        ]
        expects = false
        upgrades = false
        if chunked, content.count > 0, random.chance(1, in: 2) {
            flaw = .body
            trailers = []
            let good = Self.chunks(content, trailers: [], &random).dropLast(5)
            body =
                good
                + Array(
                    random.one(of: ["zz\r\n", "5\r\nabcdeXX", "-1\r\n", "5\nabcde", "fffffffffffffffff\r\n"])
                        .utf8
                )
            return writeHead(&random)
        }
        flaw = .head
        head = Array(random.one(of: heads).utf8)
        body = []
    }
}

extension Random {
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next() >> 1) % max(1, bound)
    }

    mutating func chance(_ part: Int, in whole: Int) -> Bool { below(whole) < part }

    mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
}
