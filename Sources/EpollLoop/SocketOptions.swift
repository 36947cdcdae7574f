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

    /// Has the kernel probe an idle peer each second: after three probes without a reply the connection fails
    /// (tcp(7)). A peer that replies and sends nothing stays.
    static func probePeer(_ descriptor: Int32) {
        set(TCP_KEEPIDLE, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
        set(TCP_KEEPINTVL, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
        set(TCP_KEEPCNT, of: Int32(IPPROTO_TCP), to: 3, on: descriptor)
        set(SO_KEEPALIVE, of: SOL_SOCKET, to: 1, on: descriptor)
    }

    /// How often the kernel has sent the oldest bytes again since the peer last acknowledged any.
    static func unansweredTransmissions(_ descriptor: Int32) -> Int {
        var info = tcp_info()
        var size = socklen_t(MemoryLayout<tcp_info>.size)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size) == 0 else { return 0 }
        return Int(info.tcpi_retransmits)
    }
}
