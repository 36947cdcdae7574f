package import Routing

/// Where the admin interface of a tier is: the value of `--admin`.
package enum AdminAddress: Sendable, Equatable {
    case socket(ControlAddress)
    case endpoint(Endpoint)

    /// Reads `unix:PATH`, `ADDRESS:PORT` or `localhost:PORT`; a command reads a path without `unix:`, too.
    ///
    /// - Parameter acceptsPath: a text that begins with `/` or `.` is a path.
    package static func parse(
        _ text: String,
        acceptsPath: Bool = false
    ) -> Result<AdminAddress, ControlSocketError> {
        if let endpoint = endpoint(text) { return .success(.endpoint(endpoint)) }
        let parsed = acceptsPath ? ControlAddress.parse(path: text) : ControlAddress.parse(text)
        return parsed.map(AdminAddress.socket)
    }

    private static func endpoint(_ text: String) -> Endpoint? {
        for name in ["localhost:", ":"] where text.hasPrefix(name) {
            return Endpoint("127.0.0.1:" + text.dropFirst(name.utf8.count))
        }
        return Endpoint(text)
    }
}

/// How the admin interface of a tier is reached.
package struct AdminOptions: Sendable {
    /// The UNIX socket; nil: there is none.
    package var socket: ControlAddress?
    /// The socket may be left out where it cannot be made: nobody has named it.
    package var isSocketOptional = false
    /// The members of this group may look at the tier through the socket; nil: only the tier's user and root use it.
    package var group: UInt32?
    /// Each needs a token.
    package var addresses: [Endpoint] = []
    /// Nil: there are no addresses.
    package var tokenFile: String?
    /// Names that `Host` may have besides addresses and `localhost`.
    package var hosts: [String] = []

    package init(socket: ControlAddress? = nil) {
        self.socket = socket
    }

    /// There is none.
    package static let off = AdminOptions()

    var isOff: Bool { socket == nil && addresses.isEmpty }
}
