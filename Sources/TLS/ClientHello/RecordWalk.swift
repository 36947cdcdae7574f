/// Collects the first message of a handshake out of the records that it is split over (RFC 8446 §5.1). Remembers where
/// it is, and no bytes.
struct RecordWalk: Sendable {
    /// The offset of the first record that was not complete at the last call.
    private var record = 0
    /// How many bytes of messages the records before it have.
    private var gathered = 0

    private static let handshake: UInt8 = 22
    private static let clientHello: UInt8 = 1
    /// Bytes before a record's contents: type, version, length.
    private static let header = 5
    /// Bytes before a message's contents: type, length.
    private static let messageHeader = 4
    /// RFC 8446 §5.1.
    private static let maxRecord = 1 << 14

    /// - Parameter all: the bytes since the connection's first.
    /// - Returns: the hello without the header of its message; nil: it is not complete.
    mutating func message(in all: Span<UInt8>) throws(ClientHelloFailure) -> [UInt8]? {
        let bytes = all.extracting(first: ClientHelloReader.maxBytes)
        while true {
            let count = try contents(in: bytes)
            if let message = try complete(in: bytes, count: gathered + count.there) { return message }
            guard count.isComplete else { break }
            gathered += count.there
            record += Self.header + count.there
        }
        if bytes.count >= ClientHelloReader.maxBytes { throw .tooLong }
        return nil
    }

    /// How many bytes of its contents the current record has now, and whether these are all.
    private func contents(in bytes: Span<UInt8>) throws(ClientHelloFailure) -> (there: Int, isComplete: Bool)
    {
        let left = bytes.count - record
        guard left > 0 else { return (0, false) }
        let isFirst = record == 0
        guard bytes[record] == Self.handshake else {
            guard isFirst else { throw .badRecord }
            guard let failure = FirstBytes.failure(bytes) else { return (0, false) }
            throw failure
        }
        // Major version 3 is SSL 3 and all of TLS; the minor one has no meaning (RFC 8446 §5.1).
        if left > 1, bytes[record + 1] != 3 { throw isFirst ? ClientHelloFailure.notTLS : .badRecord }
        guard left >= Self.header else { return (0, false) }
        let length = Int(bytes[record + 3]) << 8 | Int(bytes[record + 4])
        guard length > 0 else { throw .badRecord }
        guard length <= Self.maxRecord else { throw .recordOverflow }
        let there = min(length, left - Self.header)
        return (there, there == length)
    }

    /// - Parameter count: how many bytes of messages there are.
    private func complete(in bytes: Span<UInt8>, count: Int) throws(ClientHelloFailure) -> [UInt8]? {
        guard count > 0 else { return nil }
        let start = Self.gather(bytes, count: min(count, Self.messageHeader))
        guard start[0] == Self.clientHello else { throw .notHello(type: start[0]) }
        guard start.count == Self.messageHeader else { return nil }
        let length = Int(start[1]) << 16 | Int(start[2]) << 8 | Int(start[3])
        guard length <= ClientHelloReader.maxHello else { throw .tooLong }
        guard count >= Self.messageHeader + length else { return nil }
        let message = Self.gather(bytes, count: Self.messageHeader + length)
        return Array(message.dropFirst(Self.messageHeader))
    }

    /// The first bytes of the messages, of which there are so many.
    private static func gather(_ bytes: Span<UInt8>, count: Int) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(count)
        var record = 0
        while message.count < count, record + header <= bytes.count {
            let length = Int(bytes[record + 3]) << 8 | Int(bytes[record + 4])
            let start = record + header
            let end = min(start + min(length, count - message.count), bytes.count)
            bytes.extracting(start..<max(start, end)).withUnsafeBufferPointer {
                message.append(contentsOf: $0)
            }
            record = start + length
        }
        return message
    }
}
