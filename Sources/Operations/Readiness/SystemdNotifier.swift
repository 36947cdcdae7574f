import Glibc
import SystemSupport

/// Notifies the service manager of the tier's state: sd_notify(3), `Type=notify` of systemd.
///
/// Sends datagrams to the socket in `NOTIFY_SOCKET`; does nothing if that is not set.
struct SystemdNotifier: Sendable {
    /// The socket's path; a leading `@` stands for the abstract namespace.
    let path: String?

    /// - Parameter path: by default `NOTIFY_SOCKET` from the environment.
    init(path: String? = getenv("NOTIFY_SOCKET").map { String(cString: $0) }) {
        self.path = path
    }

    /// Does not block.
    ///
    /// - Parameters:
    ///   - state: `READY=1`, `STOPPING=1`.
    ///   - descriptors: of which the service manager gets copies; at most 64.
    /// - Returns: the reason of a failure; nil: it was sent, or there is no service manager.
    func send(_ state: String, descriptors: [Int32] = []) -> String? {
        guard let path else { return nil }
        var bytes = Array(path.utf8)
        guard bytes.count > 1, bytes.count < DescriptorDatagram.pathBytes,
            bytes[0] == UInt8(ascii: "/") || bytes[0] == 0x40
        else { return "NOTIFY_SOCKET is not the path of a socket" }
        if bytes[0] == 0x40 { bytes[0] = 0 }
        let code = DescriptorDatagram.send(Array(state.utf8), descriptors, to: bytes)
        return code == 0 ? nil : String(cString: strerror(code))
    }
}
