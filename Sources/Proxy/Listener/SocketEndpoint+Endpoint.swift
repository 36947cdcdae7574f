import EpollLoop
import NIOCore
import Routing

extension SocketEndpoint {
    init(_ endpoint: Endpoint) {
        if let bits = endpoint.address.v4Bits {
            self.init(.v4(bits), port: endpoint.port)
        } else {
            let (high, low) = endpoint.address.words
            self.init(.v6(high: high, low: low), port: endpoint.port)
        }
    }
}

extension Endpoint {
    init(_ endpoint: SocketEndpoint) {
        let address =
            switch endpoint.address {
            case .v4(let bits): IPAddress(v4: bits)
            case .v6(let high, let low): IPAddress(v6High: high, low: low)
            }
        self.init(address: address, port: endpoint.port)
    }
}

extension IPAddress {
    /// Of an interface of this machine; nil for what is not an IP address.
    init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address):
            // sockaddr_in: family, port, address.
            self = withUnsafeBytes(of: address.address) { bytes in
                IPAddress(v4: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            }
        case .v6(let address):
            // sockaddr_in6: family, port, flow, address.
            self = withUnsafeBytes(of: address.address) { bytes in
                IPAddress(
                    v6High: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                    low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
                )
            }
        case .unixDomainSocket:
            return nil
        }
    }
}
