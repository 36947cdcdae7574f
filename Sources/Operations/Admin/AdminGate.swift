import NIOHTTP1
import Routing

/// Which requests the admin interface accepts, and what their clients may do. Without I/O.
///
/// A browser of an operator also runs pages of others: none of them may use the admin interface through it, neither
/// directly (CSRF) nor under a name of their own that leads to its address (DNS rebinding).
struct AdminGate: Sendable {
    /// How a listener knows a client.
    enum Credentials: Sendable {
        /// By the process at the other end of a UNIX socket.
        case peer(ControlRoute.Level)
        /// By the token that each request brings.
        case tokens(AdminTokens)
    }

    /// The names that `Host` may have besides addresses; in lower case.
    private let names: Set<String>
    var credentials: Credentials

    /// `berth` is what commands send: no name of the public DNS.
    private static let ownNames: Set<String> = ["localhost", "berth"]
    /// Of a proxy, which has to be none: it would lend its place in the network to its clients.
    private static let proxyFields: Set<String> = ["via", "forwarded", "x-real-ip"]
    private static let proxyPrefix = "x-forwarded-"

    /// - Parameter hosts: more names that `Host` may have.
    init(_ credentials: Credentials, hosts: [String] = []) {
        self.credentials = credentials
        names = Self.ownNames.union(hosts.map { $0.lowercased() })
    }

    /// Clients are processes of this machine.
    var isLocal: Bool {
        if case .peer = credentials { true } else { false }
    }

    /// - Parameter hasBody: the request has one.
    /// - Returns: what the client may do.
    func admit(_ head: HTTPRequestHead, hasBody: Bool) throws(ControlRefusal) -> ControlRoute.Level {
        guard head.uri.hasPrefix("/"), !head.uri.hasPrefix("//") else {
            throw ControlRefusal(400, "the request has a whole URL as its target: this is not a proxy")
        }
        try checkProxy(head.headers)
        let host = try host(of: head.headers)
        try checkOrigin(head.headers, host)
        try checkSite(head)
        try checkContent(head, hasBody)
        switch credentials {
        case .peer(let level): return level
        case .tokens(let tokens): return level(of: head.headers, tokens)
        }
    }

    private func checkProxy(_ fields: HTTPHeaders) throws(ControlRefusal) {
        for (name, _) in fields {
            let name = name.lowercased()
            if Self.proxyFields.contains(name) || name.hasPrefix(Self.proxyPrefix) {
                throw ControlRefusal(403, "the request came through a proxy (\(name)): connect directly")
            }
        }
    }

    /// - Returns: the value of `Host`, in lower case.
    private func host(of fields: HTTPHeaders) throws(ControlRefusal) -> String {
        let values = fields["host"]
        guard values.count == 1, let host = try? HostName(values[0]) else {
            throw ControlRefusal(400, "the request has not one valid Host")
        }
        let isAddress = host.text.hasPrefix("[") || IPAddress(host.text) != nil
        guard isAddress || names.contains(host.text) else {
            throw ControlRefusal(
                403,
                "the host '\(host.text)' is not one of the admin interface: use its address, or start the tier with "
                    + "--admin-host \(host.text)"
            )
        }
        return values[0].lowercased()
    }

    /// `Origin`, where a browser sends one, must be that of the admin interface itself.
    private func checkOrigin(_ fields: HTTPHeaders, _ host: String) throws(ControlRefusal) {
        for origin in fields["origin"] {
            let own = origin.lowercased()
            guard own == "http://\(host)" || own == "https://\(host)" else {
                throw ControlRefusal(403, "the request comes from a page of another origin")
            }
        }
    }

    private func checkSite(_ head: HTTPRequestHead) throws(ControlRefusal) {
        for site in head.headers["sec-fetch-site"] where site != "same-origin" && site != "none" {
            // A link that leads to the page: it shows nothing of the tier by itself.
            let isLink =
                head.method == .GET && (head.uri == "/" || head.uri.hasPrefix("/?"))
                && head.headers["sec-fetch-mode"] == ["navigate"]
                && head.headers["sec-fetch-dest"] == ["document"]
            guard isLink else { throw ControlRefusal(403, "the request comes from a page of another site") }
        }
    }

    /// A form of another site cannot send JSON. A process at the UNIX socket is not a form.
    private func checkContent(_ head: HTTPRequestHead, _ hasBody: Bool) throws(ControlRefusal) {
        guard hasBody else { return }
        let types = head.headers["content-type"]
        let isJSON =
            types.count == 1
            && types[0].lowercased().prefix { $0 != ";" && $0 != " " } == "application/json"
        guard !isJSON else { return }
        let isFromBrowser =
            head.headers.contains(name: "origin") || head.headers.contains(name: "sec-fetch-site")
        if case .peer = credentials, !isFromBrowser { return }
        throw ControlRefusal(415, "the body must be JSON: send `Content-Type: application/json`")
    }

    private func level(of fields: HTTPHeaders, _ tokens: AdminTokens) -> ControlRoute.Level {
        let values = fields["authorization"]
        guard values.count == 1 else { return .open }
        let parts = values[0].split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .open }
        return tokens.level(of: Array(parts[1].utf8)) ?? .open
    }
}
