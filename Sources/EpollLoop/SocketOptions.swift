import CEpoll
import Glibc
import NIOCore

/// Calls of the socket interface.
package enum SocketOptions {
    /// A TCP socket that does not block.
    ///
    /// - Returns: its descriptor; negative where there is none, with the reason in `errno`.
    package static func open(isIPv6: Bool) -> Int32 {
        socket(
            isIPv6 ? AF_INET6 : AF_INET,
            Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
            0
        )
    }

    package static func set(_ option: Int32, of level: Int32, to value: Int32, on descriptor: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
