import Bytes

extension RouteTable {
    /// Decides for a request that is spelled out: for tools and tests. Servers lend their
    /// bytes to `decide(_:headers:scratch:)`, which this calls.
    ///
    /// - Parameters:
    ///   - host: the request's host.
    ///   - target: path and query as received.
    ///   - method: the request's method, in its exact case.
    ///   - scheme: how the client connected.
    ///   - client: who sends the request.
    ///   - headers: its fields; names in any case.
    public func decide(
        host: HostName,
        target: String = "/",
        method: String = "GET",
        scheme: RequestScheme = .http,
        client: IPAddress,
        headers: [(name: String, value: String)] = []
    ) -> Decision {
        let target = Array(target.utf8)
        let method = Array(method.utf8)
        let fields = headers.map { (name: $0.name.utf8.map(ASCII.lowercased), value: Array($0.value.utf8)) }
        let key = RouteKey(
            host: host.bytes.span,
            target: target.span,
            method: method.span,
            scheme: scheme,
            client: client
        )
        return decide(
            key,
            headers: { name, visit in fields.contains { $0.name == name && visit($0.value.span) } },
            scratch: RouteScratch()
        )
    }
}
