import Glibc

/// The datagram socket of the log daemon of this machine, `/dev/log`: rsyslog's, syslog-ng's or systemd-journald's.
///
/// It never blocks. A daemon that was started again is found by its path.
struct SyslogSocket: Sendable {
    /// Where the daemon listens.
    package static let usualPath = "/dev/log"
    /// A message that is too long for the socket is cut to this many bytes.
    private static let shortBytes = 2048
    /// How often a message finds no room where there was some.
    private static let maxWaits = 10

    let descriptor: Int32
    private let path: String

    init(path: String) throws(LogSinkError) {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LogSinkError(path: path, errno) }
        let code = connect()
        guard code == 0 else {
            Glibc.close(descriptor)
            throw LogSinkError(path: path, code)
        }
    }

    /// - Returns: `errno`, or 0.
    private func connect() -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return ENAMETOOLONG }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                Glibc.connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        return result == 0 ? 0 : errno
    }

    /// Sends the first line, without its end.
    ///
    /// - Parameter patience: how long to wait for room, milliseconds.
    func send(_ bytes: UnsafeRawBufferPointer, patience: Int32) -> LogOutput.Step {
        let length = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        // With the end of the line.
        let whole = min(length + 1, bytes.count)
        var hasConnected = false
        var waits = 0
        var count = length
        while true {
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            if Glibc.send(descriptor, bytes.baseAddress, count, flags) >= 0 { return .wrote(whole) }
            switch errno {
            case EINTR: continue
            case EAGAIN where waits < Self.maxWaits:
                waits += 1
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard poll(&ready, 1, patience) > 0 else { return .stalled }
            case EAGAIN, ENOBUFS:
                poll(nil, 0, 1)
                return .stalled
            case EMSGSIZE where count > Self.shortBytes: count = Self.shortBytes
            case ECONNREFUSED, ENOTCONN, ECONNRESET, EDESTADDRREQ, EPIPE:
                guard !hasConnected else { return .failed(errno) }
                hasConnected = true
                let code = connect()
                guard code == 0 else { return .failed(code) }
            default: return .failed(errno)
            }
        }
    }
}
