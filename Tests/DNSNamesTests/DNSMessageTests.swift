import Routing
import Testing

@testable import DNSNames

@Suite struct DNSMessageTests {
    private let question = DNSQuestion("www.test.priv", .a)

    private func answer(_ packet: Packet) throws -> DNSAnswer {
        try DNSMessage.answer(to: question, in: packet.bytes)
    }

    @Test func `Addresses are taken with the shortest TTL, letters in whatever case`() throws {
        var packet = Packet(question, answers: 2)
        packet.append("WWW.test.PRIV", kind: 1, ttl: 60, data: [10, 0, 0, 1])
        packet.append("www.test.priv", kind: 1, ttl: 30, data: [10, 0, 0, 2])
        let answer = try answer(packet)
        #expect(answer.addresses.map { "\($0)" } == ["10.0.0.1", "10.0.0.2"] && answer.ttl == 30)
    }

    @Test func `Aliases are followed to their addresses, and count with their TTL`() throws {
        var packet = Packet(question, answers: 3)
        packet.append("b.test.priv", kind: 1, ttl: 60, data: [10, 0, 0, 1])
        packet.append("a.test.priv", kind: 5, ttl: 20, data: Packet.wire("b.test.priv"))
        packet.append("www.test.priv", kind: 5, ttl: 90, data: Packet.wire("a.test.priv"))
        let answer = try answer(packet)
        #expect(answer.addresses.map { "\($0)" } == ["10.0.0.1"] && answer.ttl == 20)
    }

    @Test func `Aliases that go round come to an end without an address`() throws {
        var packet = Packet(question, answers: 2)
        packet.append("a.test.priv", kind: 5, ttl: 20, data: Packet.wire("www.test.priv"))
        packet.append("www.test.priv", kind: 5, ttl: 90, data: Packet.wire("a.test.priv"))
        #expect(try answer(packet).isEmpty)
    }

    @Test func `Records of other names, other kinds and wrong lengths are none of our business`() throws {
        var packet = Packet(question, answers: 4)
        packet.append("bank.test.priv", kind: 1, ttl: 60, data: [6, 6, 6, 6])
        packet.append("www.test.priv", kind: 28, ttl: 60, data: Array(repeating: 6, count: 16))
        packet.append("www.test.priv", kind: 1, ttl: 60, data: [6, 6, 6])
        packet.append("www.test.priv", kind: 1, ttl: 60, data: [10, 0, 0, 1])
        #expect(try answer(packet).addresses.map { "\($0)" } == ["10.0.0.1"])
    }

    @Test func `That there is no such name holds as long as the zone says`() throws {
        for code in [0, 3] as [UInt8] {
            var packet = Packet(question, code: code, authorities: 1)
            let numbers: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 17]
            packet.append(
                "test.priv",
                kind: 6,
                ttl: 40,
                data: Packet.wire("ns.test") + Packet.wire("me.test") + numbers
            )
            #expect(try answer(packet) == DNSAnswer(ttl: 17))
        }
        #expect(try answer(Packet(question, code: 3)) == DNSAnswer(ttl: nil))
    }

    @Test func `A TTL with the first bit set counts as zero`() throws {
        var packet = Packet(question, answers: 1)
        packet.append("www.test.priv", kind: 1, ttl: .max, data: [10, 0, 0, 1])
        #expect(try answer(packet).ttl == 0)
    }

    @Test func `Services come with port, weight and host`() throws {
        let question = DNSQuestion("_http._tcp.www.test.priv", .srv)
        var packet = Packet(question, answers: 1)
        packet.append(
            question.name,
            kind: 33,
            ttl: 60,
            data: [0, 1, 0, 5, 0x1F, 0x90] + Packet.wire("C1.test")
        )
        let answer = try DNSMessage.answer(to: question, in: packet.bytes)
        #expect(answer.services == [.init(priority: 1, weight: 5, port: 8080, host: "c1.test")])
    }

    @Test func `What is no answer to the question is refused`() {
        let other = Packet(DNSQuestion("bank.test.priv", .a))
        #expect(throws: DNSFault.otherQuestion) { try answer(other) }
        let otherKind = Packet(DNSQuestion(question.name, .aaaa))
        #expect(throws: DNSFault.otherQuestion) { try answer(otherKind) }
        var query = Packet(question)
        query.bytes[2] = 0x01
        #expect(throws: DNSFault.otherQuestion) { try answer(query) }
        #expect(throws: DNSFault.code(2)) { try answer(Packet(question, code: 2)) }
    }

    @Test func `Names that point forwards, at themselves, or on and on are refused`() {
        for target in [12 as UInt16, 13, 200, 0x3FFF] {
            var packet = Packet(question, answers: 1)
            // The record's name is a pointer; at 12 stands the question.
            let here = UInt16(packet.bytes.count)
            packet.append(0xC000 | (target == 12 ? here : target == 13 ? here + 2 : target))
            packet.bytes += [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]
            #expect(throws: DNSFault.self) { try answer(packet) }
        }
        var long = Packet(question, answers: 1)
        let label = [63] + Array(repeating: UInt8(ascii: "a"), count: 63) as [UInt8]
        for _ in 0..<5 { long.bytes += label }
        long.bytes += [0, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]
        #expect(throws: DNSFault.badName) { try answer(long) }
    }

    @Test func `An answer of very many addresses counts with the first of them`() throws {
        var packet = Packet(question, answers: 4000)
        for index in 0..<4000 {
            packet.append(0xC00C)
            packet.bytes += [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, UInt8(index >> 8), UInt8(index & 0xFF)]
        }
        let addresses = try answer(packet).addresses
        #expect(addresses.count == DNSMessage.maxAddresses)
        #expect(addresses.last.map { "\($0)" } == "10.0.3.255")
    }

    @Test func `A name of more pointers than it can have labels is refused`() {
        var packet = Packet(question, answers: 1)
        // A chain of pointers, each to the one before, the first to the question's name.
        packet.append("x.test", kind: 16, ttl: 9, data: [])
        let start = packet.bytes.count
        packet.append(0xC00C)
        for index in 0..<200 { packet.append(0xC000 | UInt16(start + 2 * index)) }
        packet.bytes[7] = 2
        packet.bytes.replaceSubrange((start - 2)..<start, with: [1, 146])
        packet.append(0xC000 | UInt16(start + 400))
        packet.bytes += [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1]
        #expect(throws: DNSFault.badName) { try answer(packet) }
    }

    @Test func `A message may be cut off anywhere, and any byte may be wrong: nothing traps`() throws {
        var packet = Packet(question, answers: 2, authorities: 1)
        packet.append("www.test.priv", kind: 5, ttl: 90, data: Packet.wire("a.test.priv"))
        packet.append("a.test.priv", kind: 1, ttl: 60, data: [10, 0, 0, 1])
        packet.append(
            "test.priv",
            kind: 6,
            ttl: 40,
            data: Packet.wire("ns.test") + Array(repeating: 1, count: 30)
        )
        for count in packet.bytes.indices {
            _ = try? DNSMessage.answer(to: question, in: Array(packet.bytes[..<count]))
        }
        for index in packet.bytes.indices {
            for value in [0, 1, 0x3F, 0x40, 0x80, 0xC0, 0xFF] as [UInt8] {
                var bytes = packet.bytes
                bytes[index] = value
                _ = try? DNSMessage.answer(to: question, in: bytes)
            }
        }
        // As many records as a header can tell of, in a message that holds none.
        var bytes = Packet(question, answers: .max, authorities: .max).bytes
        #expect(throws: DNSFault.truncated) { try DNSMessage.answer(to: question, in: bytes) }
        bytes += Array(repeating: 0, count: 60_000)
        _ = try? DNSMessage.answer(to: question, in: bytes)
    }
}
