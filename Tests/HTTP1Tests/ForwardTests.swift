import HTTP1
import HTTPCases
import Testing

@Suite struct ForwardTests {
    /// The head as a proxy would send it on.
    private func forward(_ head: RequestHead, _ bytes: [UInt8]) -> [UInt8] {
        var out = bytes.slice(head.methodRange) + [0x20]
        if head.form == .asterisk {
            out += [0x2A]
        } else {
            if head.needsSlash { out += [0x2F] }
            out += bytes.slice(head.originForm)
        }
        out += " HTTP/1.1\r\nHost: ".utf8
        out += head.host.isEmpty ? Array("default".utf8) : bytes.slice(head.host)
        out += "\r\n".utf8
        head.fields.forEachRun(keeping: { !$0.hopByHop && $0.id != .host }) { out += bytes.slice($0) }
        if head.framing == .chunked { out += "Transfer-Encoding: chunked\r\n".utf8 }
        return out + Array("\r\n".utf8)
    }

    @Test(arguments: RequestCase.good)
    func `A head that is sent on means the same to the next reader`(_ example: RequestCase) throws {
        var head = RequestHead()
        var scanned = 0
        #expect(try head.parse(example.bytes.span, scanned: &scanned, limits: .default))
        let sent = forward(head, example.bytes)
        var next = RequestHead()
        #expect(try next.parse(sent.span, scanned: &scanned, limits: .default))
        #expect(next.length == sent.count)
        #expect(next.method == head.method)
        #expect(next.framing == head.framing)
        #expect(next.form == (head.form == .asterisk ? .asterisk : .origin))
        #expect(!next.wantsUpgrade && !next.upgradeIsH2C)
        #expect(next.expectsContinue == head.expectsContinue)
        if !head.host.isEmpty { #expect(sent.slice(next.host) == example.bytes.slice(head.host)) }
        let kept = { (fields: [Field], bytes: [UInt8]) in
            fields.filter { !$0.hopByHop && $0.id != .host }
                .map { bytes.slice($0.name) + [0x3A] + bytes.slice($0.value) }
        }
        #expect(kept(next.fields, sent) == kept(head.fields, example.bytes))
    }

    @Test func `Lines that stay side by side are one run`() throws {
        let text =
            "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nConnection: close\r\nB: 2\r\nC: 3\r\nUpgrade: x\r\n\r\n"
        let bytes = Array(text.utf8)
        var head = RequestHead()
        var scanned = 0
        #expect(try head.parse(bytes.span, scanned: &scanned, limits: .default))
        var runs: [String] = []
        head.fields.forEachRun(keeping: { !$0.hopByHop }) { runs.append(bytes.string($0)) }
        #expect(runs == ["Host: h\r\nA: 1\r\n", "B: 2\r\nC: 3\r\n"])
        runs = []
        head.fields.forEachRun(keeping: { _ in false }) { runs.append(bytes.string($0)) }
        #expect(runs.isEmpty)
    }

    @Test func `Values are found by name, case aside, until one will do`() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\nX-a: 1\r\nx-A:  2 \r\nX-B: 3\r\n\r\n".utf8)
        var head = RequestHead()
        var scanned = 0
        #expect(try head.parse(bytes.span, scanned: &scanned, limits: .default))
        var seen: [String] = []
        func look(_ name: String, until last: String) -> Bool {
            seen = []
            return head.anyValue(of: Array(name.utf8), in: bytes.span) { value in
                var text = ""
                for index in value.indices { text.unicodeScalars.append(Unicode.Scalar(value[index])) }
                seen.append(text)
                return text == last
            }
        }
        #expect(look("x-a", until: "1"))
        #expect(seen == ["1"])
        #expect(!look("x-a", until: ""))
        #expect(seen == ["1", "2"])
        #expect(!look("x-c", until: ""))
        #expect(seen.isEmpty)
        #expect(head.first(.host).map { bytes.string($0.value) } == "h")
        #expect(head.first(.via) == nil)
    }
}
