import ProxyCore
import NIOCore
import Routing

extension SocketAddress {
    init(_ endpoint: Endpoint) throws {
        try self.init(
            packedIPAddress: ByteBuffer(bytes: endpoint.address.networkBytes),
            port: Int(endpoint.port)
        )
    }
}

extension Endpoint {
    /// Nil for what is no IP address (a Unix socket).
    init?(_ address: SocketAddress) {
        guard let port = address.port.flatMap(UInt16.init(exactly:)) else { return nil }
        let ip: IPAddress
        switch address {
        case .v4(let address):
            // sockaddr_in: family, port, address.
            ip = withUnsafeBytes(of: address.address) { bytes in
                IPAddress(v4: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            }
        case .v6(let address):
            // sockaddr_in6: family, port, flow, address.
            ip = withUnsafeBytes(of: address.address) { bytes in
                IPAddress(
                    v6High: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                    low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
                )
            }
        case .unixDomainSocket:
            return nil
        }
        self.init(address: ip, port: port)
    }
}
