/// Two readings of the same bytes that should be one.
public struct Contradiction: Error, CustomStringConvertible {
    /// What was expected to hold, and did not.
    public let claim: String
    /// The bytes it was found in, escaped.
    public let bytes: String

    init(_ claim: String, _ bytes: some Collection<UInt8>) {
        self.claim = claim
        self.bytes = Self.escaped(bytes)
    }

    public var description: String { "\(claim), in \(bytes)" }

    private static func escaped(_ bytes: some Collection<UInt8>) -> String {
        bytes.map { byte in
            switch byte {
            case 0x0D: "\\r"
            case 0x0A: "\\n"
            case 0x20..<0x7F: String(UnicodeScalar(byte))
            default: "\\x" + String(byte, radix: 16)
            }
        }.joined()
    }
}

/// Throws a contradiction unless what is claimed holds.
func claim(
    _ holds: Bool,
    _ what: @autoclosure () -> String,
    _ bytes: some Collection<UInt8>
) throws(Contradiction) {
    if !holds { throw Contradiction(what(), bytes) }
}
