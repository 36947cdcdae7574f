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
        let bytes: [UInt8]
        switch address {
        case .v4(let address):
            // sockaddr_in: family, port, address.
            bytes = withUnsafeBytes(of: address.address) { Array($0[4..<8]) }
        case .v6(let address):
            // sockaddr_in6: family, port, flow, address.
            bytes = withUnsafeBytes(of: address.address) { Array($0[8..<24]) }
        case .unixDomainSocket:
            return nil
        }
        guard let address = IPAddress(networkBytes: bytes) else { return nil }
        self.init(address: address, port: port)
    }
}
