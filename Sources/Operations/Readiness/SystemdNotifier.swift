import Glibc

/// Notifies the service manager of the tier's state: sd_notify(3), `Type=notify` of systemd.
///
/// Sends datagrams to the socket in `NOTIFY_SOCKET`; does nothing if that is not set.
struct SystemdNotifier: Sendable {
    /// The maximum length of a Unix socket's path, in bytes with the final zero.
    private static let pathBytes = 108

    /// The socket's path; a leading `@` stands for the abstract namespace.
    let path: String?

    /// - Parameter path: by default `NOTIFY_SOCKET` from the environment.
    init(path: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) {
        self.path = path
    }

    /// - Parameter state: `READY=1`, `STOPPING=1`.
    /// - Returns: the reason of a failure; nil: it was sent, or there is no service manager.
    func send(_ state: String) -> String? {
        guard let path else { return nil }
        var bytes = Array(path.utf8)
        guard bytes.count > 1, bytes.count < Self.pathBytes, bytes[0] == UInt8(ascii: "/") || bytes[0] == 0x40
        else { return "NOTIFY_SOCKET is not the path of a socket" }
        if bytes[0] == 0x40 { bytes[0] = 0 }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let message = Array(state.utf8)
        let sent = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                sendto(descriptor, message, message.count, Int32(MSG_DONTWAIT), address, length)
            }
        }
        return sent == message.count ? nil : String(cString: strerror(errno))
    }
}
