import Bytes

/// An address and a port.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    public let port: UInt16

    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads `1.2.3.4:80` or `[::1]:80`. Nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = bytes[..<colon]
        let bracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
        if bracketed { host = host.dropFirst().dropLast() }
        guard let port = Port.parse(bytes.span.extracting((colon + 1)..<bytes.count)),
            let address = IPAddress(Array(host).span),
            bracketed == host.contains(UInt8(ascii: ":"))
        else { return nil }
        self.init(address: address, port: port)
    }

    /// `1.2.3.4:80`, `[::1]:80`.
    public var description: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}

enum Port {
    /// One to five digits, 0…65535; nil otherwise.
    static func parse(_ text: Span<UInt8>) -> UInt16? {
        guard text.count >= 1, text.count <= 5 else { return nil }
        var value: UInt32 = 0
        for index in text.indices {
            guard ASCII.isDigit(text[index]) else { return nil }
            value = value * 10 + UInt32(text[index] - UInt8(ascii: "0"))
        }
        return UInt16(exactly: value)
    }
}
