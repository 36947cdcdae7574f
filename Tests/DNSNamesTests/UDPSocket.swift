import Foundation
import Glibc

enum UDPSocket {
    /// On loopback, on a port of the system's choice.
    static func bind() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Glibc.bind(descriptor, address, size) | getsockname(descriptor, address, &size)
            }
        }
        guard result == 0 else { throw POSIXError(.EADDRINUSE) }
        return (descriptor, UInt16(bigEndian: name.sin_port))
    }

    static func close(_ descriptor: Int32) { Glibc.close(descriptor) }
}

extension UDPSocket {
    /// The port that the next datagram came from; nil where none has arrived.
    static func sender(of descriptor: Int32) -> UInt16? {
        var bytes = [UInt8](repeating: 0, count: 2048)
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                recvfrom(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT), address, &size)
            }
        }
        return count < 0 ? nil : UInt16(bigEndian: name.sin_port)
    }
}
