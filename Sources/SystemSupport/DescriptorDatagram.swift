import CProcess
import Glibc

/// A datagram to a UNIX socket, with copies of descriptors: what service managers receive.
package enum DescriptorDatagram {
    /// The maximum length of a socket's path, in bytes with the final zero.
    package static let pathBytes = 108

    /// Does not wait.
    ///
    /// - Parameters:
    ///   - path: of the socket; less than `pathBytes`. A leading zero stands for the abstract namespace.
    /// - Returns: `errno`; 0: it was sent.
    package static func send(_ bytes: [UInt8], _ descriptors: [Int32] = [], to path: [UInt8]) -> Int32 {
        guard path.count < pathBytes else { return ENAMETOOLONG }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                berth_send_descriptors(
                    descriptor,
                    address,
                    length,
                    bytes,
                    bytes.count,
                    descriptors,
                    descriptors.count,
                    Int32(MSG_DONTWAIT)
                )
            }
        }
    }
}
