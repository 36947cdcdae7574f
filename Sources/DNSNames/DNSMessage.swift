import Routing

/// Reads a server's message (RFC 1035 §4). Everything in it is foreign: each length is checked,
/// names are followed backwards only, and what does not belong to the question is passed over.
package struct DNSMessage {
    /// Records that are looked at.
    static let maxRecords = 4096
    /// Addresses of one answer; more are passed over.
    static let maxAddresses = 1024
    /// Pointers of one name: it has no more labels than this (RFC 1035 §2.3.4).
    static let maxPointers = 127
    /// Links from alias to alias (CNAME) that are followed.
    static let maxAliases = 16
    /// The longest name, bytes (RFC 1035 §2.3.4).
    static let maxNameBytes = 255

    private enum Class { static let internet: UInt16 = 1 }
    private enum Kind {
        static let cname: UInt16 = 5
        static let soa: UInt16 = 6
    }

    private struct Record {
        let name: String
        let kind: UInt16
        let ttl: UInt32
        /// Where its data stands.
        let data: Range<Int>
    }

    private let bytes: [UInt8]
    private var offset = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// What `bytes` say to `question`: an answer without records where there is no such name, or
    /// nothing of this kind under it.
    package static func answer(to question: DNSQuestion, in bytes: [UInt8]) throws(DNSFault) -> DNSAnswer {
        var message = DNSMessage(bytes)
        return try message.answer(to: question)
    }

    private mutating func answer(to question: DNSQuestion) throws(DNSFault) -> DNSAnswer {
        offset = 2
        let flags = try number16()
        let questions = try number16()
        let answers = try number16()
        let authorities = try number16()
        offset = 12
        guard flags & 0x8000 != 0, questions == 1 else { throw .otherQuestion }
        guard try name() == question.name, try number16() == question.kind.rawValue,
            try number16() == Class.internet
        else { throw .otherQuestion }
        let code = UInt8(flags & 0xF)
        // 3: there is no such name.
        guard code == 0 || code == 3 else { throw .code(code) }
        let records = code == 0 ? try self.records(Int(answers)) : try skip(Int(answers))
        var answer = try follow(question, records)
        if answer.isEmpty { answer.ttl = try negativeTTL(Int(authorities)) }
        return answer
    }

    /// Follows aliases from the question's name to the records that answer it.
    private mutating func follow(_ question: DNSQuestion, _ records: [Record]) throws(DNSFault) -> DNSAnswer {
        var answer = DNSAnswer()
        var name = question.name
        var ttl = UInt32.max
        for _ in 0...Self.maxAliases {
            var alias: Record?
            for record in records where record.name == name {
                if record.kind == question.kind.rawValue {
                    try add(record, question.kind, to: &answer)
                    ttl = min(ttl, record.ttl)
                } else if record.kind == Kind.cname {
                    alias = record
                }
            }
            guard answer.isEmpty, let alias else { break }
            offset = alias.data.lowerBound
            name = try self.name()
            ttl = min(ttl, alias.ttl)
        }
        if !answer.isEmpty { answer.ttl = ttl }
        return answer
    }

    private mutating func add(
        _ record: Record,
        _ kind: DNSQuestion.Kind,
        to answer: inout DNSAnswer
    ) throws(DNSFault) {
        switch kind {
        case .a, .aaaa:
            // A record of the wrong length says nothing.
            guard answer.addresses.count < Self.maxAddresses, record.data.count == (kind == .a ? 4 : 16),
                let address = IPAddress(networkBytes: Array(bytes[record.data]))
            else { return }
            if !answer.addresses.contains(address) { answer.addresses.append(address) }
        case .srv:
            offset = record.data.lowerBound
            let priority = try number16()
            let weight = try number16()
            let port = try number16()
            let host = try name()
            answer.services.append(.init(priority: priority, weight: weight, port: port, host: host))
        }
    }

    /// RFC 2308 §5: the lesser of the SOA record's own TTL and its last field.
    private mutating func negativeTTL(_ count: Int) throws(DNSFault) -> UInt32? {
        // Records were read in order, so that the authorities come next.
        offset = afterAnswers
        for record in try records(count) where record.kind == Kind.soa && record.data.count >= 20 {
            offset = record.data.upperBound - 4
            return min(record.ttl, try number32())
        }
        return nil
    }

    /// Where the section after the answers begins.
    private var afterAnswers = 12

    // MARK: Parts

    private mutating func skip(_ count: Int) throws(DNSFault) -> [Record] {
        _ = try records(count)
        return []
    }

    private mutating func records(_ count: Int) throws(DNSFault) -> [Record] {
        var records: [Record] = []
        for index in 0..<count {
            let name = try self.name()
            let kind = try number16()
            let netClass = try number16()
            var ttl = try number32()
            // RFC 2181 §8: with the first bit set it counts as zero.
            if ttl > UInt32(Int32.max) { ttl = 0 }
            let length = Int(try number16())
            guard bytes.count - offset >= length else { throw .truncated }
            let data = offset..<(offset + length)
            offset += length
            if netClass == Class.internet, index < Self.maxRecords {
                records.append(Record(name: name, kind: kind, ttl: ttl, data: data))
            }
        }
        afterAnswers = offset
        return records
    }

    private mutating func number16() throws(DNSFault) -> UInt16 {
        guard bytes.count - offset >= 2 else { throw .truncated }
        defer { offset += 2 }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    private mutating func number32() throws(DNSFault) -> UInt32 {
        let high = try number16()
        let low = try number16()
        return UInt32(high) << 16 | UInt32(low)
    }

    /// A name, in lower case and with dots; what stands in a label is taken as it is. Leaves the
    /// offset after it.
    private mutating func name() throws(DNSFault) -> String {
        var text: [UInt8] = []
        var place = offset
        /// Pointers must lead to before all that was read of this name: so they come to an end.
        var lowest = offset
        var end: Int?
        var pointers = 0
        while true {
            guard place < bytes.count else { throw .truncated }
            let length = Int(bytes[place])
            switch length & 0xC0 {
            case 0xC0:
                guard place + 1 < bytes.count else { throw .truncated }
                if end == nil { end = place + 2 }
                let target = (length & 0x3F) << 8 | Int(bytes[place + 1])
                pointers += 1
                guard target < lowest, pointers <= Self.maxPointers else { throw .badName }
                lowest = target
                place = target
            case 0x00:
                if length == 0 {
                    offset = end ?? place + 1
                    return String(decoding: text, as: UTF8.self)
                }
                guard bytes.count - place > length else { throw .truncated }
                if !text.isEmpty { text.append(UInt8(ascii: ".")) }
                for byte in bytes[(place + 1)...(place + length)] {
                    let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
                    text.append(isUpper ? byte | 0x20 : byte)
                }
                guard text.count <= Self.maxNameBytes else { throw .badName }
                place += length + 1
            default:
                throw .badName
            }
        }
    }
}
