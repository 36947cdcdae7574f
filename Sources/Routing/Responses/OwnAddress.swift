import Bytes

/// How an endpoint may call itself in a URL: by its name, by its address, and by the host that it received.
struct OwnAddress: Sendable {
    /// The target: a name, or an address as in a URL.
    private let target: [UInt8]
    private let targetPort: UInt16?
    /// Of its URLs: how requests go there.
    private let scheme: [UInt8]
    private let schemePort: UInt16
    /// The host that the client requested.
    private let requestHost: [UInt8]
    /// The host that the rule writes in its place.
    private let writtenHost: HostName?
    /// Of `to`, without a final slash.
    private let prefix: [UInt8]

    init(_ forward: Forward, requestHost: Span<UInt8>, prefix: [UInt8]) {
        let target = forward.target
        let isIPv6 = target.literal.map { !$0.isIPv4 } ?? false
        self.target = Array((isIPv6 ? "[\(target.name)]" : target.name).utf8)
        targetPort = target.port
        scheme = target.scheme == .https ? Self.https : Self.http
        schemePort = target.scheme.defaultPort
        self.prefix = prefix
        self.requestHost = [UInt8](copying: requestHost)
        writtenHost = forward.hostHeader.flatMap { try? HostName($0.span) }
    }

    /// The URL's path, query and fragment, where the URL is the endpoint's own; nil: it is another's, or its path is
    /// not below the prefix.
    ///
    /// Only `//…` and URLs of the scheme by which requests go there: an endpoint without TLS that writes `https` means
    /// whoever terminates TLS before it.
    func rest(of url: Span<UInt8>, from endpoint: Endpoint) -> [UInt8]? {
        guard let parts = LocationURL(url), parts.scheme.isEmpty || parts.scheme == scheme,
            let host = parts.host, isOwn(host, endpoint)
        else { return nil }
        var rest = [UInt8](copying: url.extracting(parts.pathStart..<url.count))
        if !prefix.isEmpty {
            guard rest.starts(with: prefix) else { return nil }
            rest.removeFirst(prefix.count)
            guard rest.isEmpty || RedirectAuthority.isEnd(rest[0]) else { return nil }
        }
        if rest.first != ASCII.slash { rest.insert(ASCII.slash, at: 0) }
        return rest
    }

    private func isOwn(_ name: HostName, _ endpoint: Endpoint) -> Bool {
        let port = name.port ?? schemePort
        let isEndpointPort = port == endpoint.port
        // The client knows this host, too: the port tells whether the endpoint means itself.
        if isEndpointPort, name.bytes == requestHost { return true }
        if let writtenHost, name.bytes == writtenHost.bytes,
            isEndpointPort || name.port == nil || name.port == writtenHost.port
        {
            return true
        }
        if name.bytes == target, isEndpointPort || name.port == nil || name.port == targetPort { return true }
        let address = endpoint.address.isIPv4 ? "\(endpoint.address)" : "[\(endpoint.address)]"
        return isEndpointPort && name.bytes.elementsEqual(address.utf8)
    }

    private static let http = Array("http".utf8)
    private static let https = Array("https".utf8)
}
