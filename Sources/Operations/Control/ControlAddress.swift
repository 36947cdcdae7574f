/// The value of `--admin`: the path of a UNIX socket.
package struct ControlAddress: Sendable, Equatable {
    /// Where commands look for a tier's socket.
    package static let usual = ControlAddress(path: "/run/berth/admin.sock")
    /// The longest path, bytes: the system takes 107 (`sun_path`), and a socket has a longer one while it is made.
    static let pathBytes = 95
    private static let scheme = "unix:"

    package let path: String

    init(path: String) {
        self.path = path
    }

    /// Reads `unix:PATH`. The error is the rest of a message that begins with the option.
    package static func parse(_ text: String) -> Result<ControlAddress, ControlSocketError> {
        guard text.hasPrefix(scheme) else {
            let path = text.isEmpty ? "/run/berth/admin.sock" : text
            return .failure(ControlSocketError(path: text, reason: "write it like unix:\(path)"))
        }
        return parse(path: String(text.dropFirst(scheme.count)))
    }

    /// Reads a path, with or without `unix:`.
    package static func parse(path text: String) -> Result<ControlAddress, ControlSocketError> {
        let path = text.hasPrefix(scheme) ? String(text.dropFirst(scheme.count)) : text
        guard !path.isEmpty, !path.utf8.contains(0) else {
            return .failure(ControlSocketError(path: text, reason: "it is not a path"))
        }
        guard path.utf8.count <= pathBytes else {
            return .failure(
                ControlSocketError(
                    path: path,
                    reason: "the path has more than \(pathBytes) bytes; choose a shorter one"
                )
            )
        }
        return .success(ControlAddress(path: path))
    }
}
