package import Routing

/// One name of a certificate: what of its subjectAltName can be compared with a server name (RFC 9525 §6).
package enum CertificateName: Hashable, Sendable {
    /// `www.test.priv`
    case exact(HostName)
    /// `*.test.priv`: the host is `test.priv`, and the wildcard stands for exactly one label (RFC 9525 §6.3).
    case wildcard(HostName)
    case address(IPAddress)

    /// - Parameter text: `www.test.priv`, `*.test.priv` or an address; a dot at its end is left out.
    /// - Returns: nil for anything else: also for a wildcard that is not the whole first label, or whose parent is
    ///   not a name.
    package init?(_ text: String) {
        let isWildcard = text.hasPrefix("*.")
        guard let name = ServerName(isWildcard ? String(text.dropFirst(2)) : text) else { return nil }
        switch name {
        case .host(let host): self = isWildcard ? .wildcard(host) : .exact(host)
        case .address(let address):
            guard !isWildcard else { return nil }
            self = .address(address)
        }
    }

    /// Whether a client that wants `name` accepts a certificate with this name.
    package func covers(_ name: ServerName) -> Bool {
        switch (self, name) {
        case (.exact(let own), .host(let host)): own.bytes == host.bytes
        case (.wildcard(let parent), .host(let host)):
            host.parent.map { $0.elementsEqual(parent.bytes) } ?? false
        case (.address(let own), .address(let address)): own == address
        default: false
        }
    }
}

extension CertificateName: CustomStringConvertible {
    package var description: String {
        switch self {
        case .exact(let host): host.text
        case .wildcard(let parent): "*.\(parent.text)"
        case .address(let address): "\(address)"
        }
    }
}

extension HostName {
    /// What follows the first label; nil where there is one label only.
    var parent: ArraySlice<UInt8>? {
        guard let dot = bytes.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        return bytes[(dot + 1)...]
    }
}
