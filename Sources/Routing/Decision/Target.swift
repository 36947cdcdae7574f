/// The name that a rule produced, for the name sources to turn into endpoints.
public struct Target: Hashable, Sendable, CustomStringConvertible {
    /// Lower case, a valid host name; or the address's text, when `literal` is set.
    public let name: String
    /// From the rule; used if the name source has no port.
    public let port: UInt16?
    /// The address that the rule itself spells out, letter by letter. A name that comes
    /// of a capture is never read as an address: only a name source may resolve it.
    public let literal: IPAddress?
    /// How requests go there.
    public let scheme: TargetScheme

    public init(
        name: String,
        port: UInt16? = nil,
        literal: IPAddress? = nil,
        scheme: TargetScheme = .http
    ) {
        self.name = name
        self.port = port
        self.literal = literal
        self.scheme = scheme
    }

    /// Whether the rule does not spell out an address, and yet some resolver would read the name as one. Such a name
    /// is not resolved: a request must not choose an address.
    package var isAddressInDisguise: Bool {
        guard literal == nil, let first = name.utf8.first, first >= UInt8(ascii: "0"),
            first <= UInt8(ascii: "9")
        else { return false }
        return LooseAddress.isV4(Array(name.utf8).span)
    }

    /// `host_01:9000`, `[::1]:80`, `https://api`.
    public var description: String { scheme == .http ? authority : url }

    /// `http://host_01:9000`
    package var url: String { "\(scheme.rawValue)://\(authority)" }

    /// As in a `Host` field: `host_01:9000`.
    package var authority: String {
        let host = literal.map { $0.isIPv4 ? name : "[\(name)]" } ?? name
        return port.map { "\(host):\($0)" } ?? host
    }
}
