import Bytes

/// A request's host as rules see it: lower case, without port and trailing dot.
///
/// Bytes are `a-z 0-9 - _ .` only, at most `maxBytes`, no empty label, labels of at most
/// `maxLabelBytes`. An IPv6 literal stays in its brackets, in RFC 5952's text.
public struct HostName: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of a name, without the trailing dot (RFC 1035 §2.3.4).
    public static let maxBytes = 253
    /// Bytes of a label (RFC 1035 §2.3.4).
    public static let maxLabelBytes = 63

    public let bytes: [UInt8]
    /// The port after the name; nil if there is none, or an empty one (RFC 3986 §3.2.3).
    public let port: UInt16?

    /// Normalises a `Host` field's value or a URL's authority (without user information).
    public init(_ raw: Span<UInt8>) throws(HostError) {
        guard !raw.isEmpty else { throw .empty }
        if raw[0] == UInt8(ascii: "[") {
            self = try Self.literal(raw)
            return
        }
        var end = raw.count
        var port: UInt16?
        for index in raw.indices where raw[index] == UInt8(ascii: ":") {
            end = index
            port = try Self.port(raw.extracting((index + 1)..<raw.count))
            break
        }
        if end > 0, raw[end - 1] == UInt8(ascii: ".") { end -= 1 }
        guard end > 0 else { throw raw[0] == UInt8(ascii: ".") ? .emptyLabel : .empty }
        guard end <= Self.maxBytes else { throw .tooLong }
        let name = raw.extracting(0..<end)
        try Self.check(name)
        self.bytes = Self.lowered(name)
        self.port = port
    }

    /// As `init(_: Span<UInt8>)`.
    public init(_ text: String) throws(HostError) {
        try self.init(Array(text.utf8).span)
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
    public var description: String { text }

    private init(bytes: [UInt8], port: UInt16?) {
        self.bytes = bytes
        self.port = port
    }

    private static func check(_ name: Span<UInt8>) throws(HostError) {
        var label = 0
        for index in name.indices {
            let byte = ASCII.lowercased(name[index])
            if byte == UInt8(ascii: ".") {
                guard label > 0 else { throw .emptyLabel }
                label = 0
            } else {
                guard ASCII.isHost(byte) else { throw .badByte(at: index) }
                label += 1
                guard label <= maxLabelBytes else { throw .labelTooLong }
            }
        }
        guard label > 0 else { throw .emptyLabel }
    }

    private static func lowered(_ name: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count)
        for index in name.indices { bytes.append(ASCII.lowercased(name[index])) }
        return bytes
    }

    private static func port(_ digits: Span<UInt8>) throws(HostError) -> UInt16? {
        if digits.isEmpty { return nil }
        guard let port = Port.parse(digits) else { throw .badPort }
        return port
    }

    /// `[address]`, `[address]:port`.
    private static func literal(_ raw: Span<UInt8>) throws(HostError) -> HostName {
        var close = 1
        while close < raw.count, raw[close] != UInt8(ascii: "]") { close += 1 }
        guard close < raw.count, let (high, low) = IPAddress.parseV6(raw.extracting(1..<close)) else {
            throw .badIPv6
        }
        var port: UInt16?
        if close + 1 < raw.count {
            guard raw[close + 1] == UInt8(ascii: ":") else { throw .badByte(at: close + 1) }
            port = try Self.port(raw.extracting((close + 2)..<raw.count))
        }
        return HostName(bytes: Array("[\(IPAddress.textV6(high: high, low: low))]".utf8), port: port)
    }
}

/// Why bytes are not a valid host.
public enum HostError: Error, Hashable, Sendable {
    case empty
    /// More than `HostName.maxBytes`.
    case tooLong
    /// More than `HostName.maxLabelBytes` between two dots.
    case labelTooLong
    case emptyLabel
    /// Offset of the first byte that a host may not have.
    case badByte(at: Int)
    case badPort
    case badIPv6
}

extension HostError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the host is empty"
        case .tooLong: "the host is longer than \(HostName.maxBytes) bytes"
        case .labelTooLong: "a label of the host is longer than \(HostName.maxLabelBytes) bytes"
        case .emptyLabel: "the host has an empty label"
        case .badByte: "the host has a character that no hostname has"
        case .badPort: "the port is not a number from 0 to 65535"
        case .badIPv6: "the IPv6 address in brackets is malformed"
        }
    }
}
