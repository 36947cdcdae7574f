import Glibc

/// An IPv4 or IPv6 address with a port, as the system's calls have it.
package struct SocketEndpoint: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        case v4(UInt32)
        case v6(high: UInt64, low: UInt64)
    }

    package var address: Address
    package var port: UInt16

    package init(_ address: Address, port: UInt16) {
        self.address = address
        self.port = port
    }

    var isIPv6: Bool {
        if case .v6 = address { true } else { false }
    }

    /// What a system call writes as an address; nil for what is not an IP address.
    ///
    /// - Parameter call: fills the memory.
    init?(_ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &size) }
        }
        guard result >= 0 else { return nil }
        let read: SocketEndpoint? = withUnsafeBytes(of: storage) { bytes in
            // sockaddr_in: family, port, address. sockaddr_in6: family, port, flow, address.
            func word<Word: FixedWidthInteger>(_ offset: Int, _ type: Word.Type) -> Word {
                Word(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
            }
            return switch Int32(storage.ss_family) {
            case AF_INET:
                SocketEndpoint(.v4(word(4, UInt32.self)), port: word(2, UInt16.self))
            case AF_INET6:
                SocketEndpoint(
                    .v6(high: word(8, UInt64.self), low: word(16, UInt64.self)),
                    port: word(2, UInt16.self)
                )
            default: nil
            }
        }
        guard let read else { return nil }
        self = read
    }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch address {
        case .v4(let bits):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = bits.bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .v6(let high, let low):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }
}
