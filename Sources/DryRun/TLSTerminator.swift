import ProxyCore
import Routing

/// The proxy that terminates TLS before the first tier. Berth receives plain HTTP: a request for an `https` URL comes
/// through a proxy, which states the scheme in a field that the tier believes only from `trusted_proxies`.
enum TLSTerminator {
    /// Lets a request pass the terminator on its way to a tier.
    ///
    /// - Returns: what was assumed, in words.
    static func pass(_ request: inout DryRunRequest, to tier: DryRunTier) -> String {
        let trusted = tier.stages.settings.trustedProxies
        guard let network = trusted.first else {
            return "a proxy terminates TLS before the \(tier.name) tier, and `trusted_proxies` of the "
                + "\(tier.name) rules does not list it: containers receive `X-Forwarded-Proto: http` (docs/tls.md)"
        }
        let isGiven = request.headers.contains { $0.name.lowercased() == "x-forwarded-proto" }
        if !isGiven {
            request.headers.append(("X-Forwarded-For", "\(request.client)"))
            request.headers.append(("X-Forwarded-Proto", "https"))
        }
        if tier.handshake(for: request.serverName, at: request.port).demand != nil { identify(&request) }
        if !trusted.contains(where: { $0.contains(request.client) }) { request.client = network.firstHost }
        return "a proxy at \(request.client), which the \(tier.name) tier trusts, terminates TLS before it"
    }
    /// It has verified the client's certificate, and says whose it is, unless the request does.
    private static func identify(_ request: inout DryRunRequest) {
        let client = ClientIdentity.any()
        for (name, value) in client.fields
        where !request.headers.contains(where: { $0.name.lowercased() == name.lowercased() }) {
            request.headers.append((name, value))
        }
    }
}
