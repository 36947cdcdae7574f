@testable import DNSNames

/// Messages as a server would send them, byte for byte.
struct Packet {
    var bytes: [UInt8]

    /// A header and one question.
    init(_ question: DNSQuestion, code: UInt8 = 0, answers: UInt16 = 0, authorities: UInt16 = 0) {
        bytes = [0x12, 0x34, 0x81, 0x80 | code, 0, 1]
        append(answers)
        append(authorities)
        bytes += [0, 0]
        append(name: question.name)
        append(question.kind.rawValue)
        append(1)
    }

    mutating func append(_ value: UInt16) { bytes += [UInt8(value >> 8), UInt8(value & 0xFF)] }

    mutating func append(name: String) { bytes += Self.wire(name) }

    static func wire(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    mutating func append(_ name: String, kind: UInt16, ttl: UInt32, data: [UInt8]) {
        append(name: name)
        append(kind)
        append(1)
        append(UInt16(ttl >> 16))
        append(UInt16(ttl & 0xFFFF))
        append(UInt16(data.count))
        bytes += data
    }
}
