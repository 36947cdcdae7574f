package import Routing

/// The name of a server as a TLS client sends it (RFC 6066 §3).
///
/// In lower case and without a trailing dot. RFC 6066 permits host names only; some clients send an address all the
/// same, and get the certificate for that address if there is one.
package enum ServerName: Hashable, Sendable {
    /// `www.test.priv`. Never a literal in brackets, never with a port.
    case host(HostName)
    case address(IPAddress)

    /// - Parameter bytes: as they were sent, in any case; one dot at their end is left out.
    /// - Returns: nil where they are neither a host name of at most 253 bytes nor an address.
    package init?(_ bytes: Span<UInt8>) {
        for index in bytes.indices
        where bytes[index] == UInt8(ascii: ":") || bytes[index] == UInt8(ascii: "[") {
            guard let address = IPAddress(bytes) else { return nil }
            self = .address(address)
            return
        }
        guard let host = try? HostName(bytes) else { return nil }
        if let address = IPAddress(host.bytes.span) {
            self = .address(address)
            return
        }
        self = .host(host)
    }

    package init?(_ text: String) {
        self.init(Array(text.utf8).span)
    }
}

extension ServerName: CustomStringConvertible {
    package var description: String {
        switch self {
        case .host(let host): host.text
        case .address(let address): "\(address)"
        }
    }
}
