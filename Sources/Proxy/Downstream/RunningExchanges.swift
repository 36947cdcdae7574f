import ProxyCore

/// The exchanges of a client's connection. That of a connection that idles serves no request.
extension ClientConnection {
    /// Those that serve requests with this property.
    func running(where isWanted: (Exchange) -> Bool, generation: UInt64) -> [KeptRequest] {
        var found: [KeptRequest] = []
        forEachExchange { exchange in
            guard exchange.isActive, isWanted(exchange) else { return }
            if let request = exchange.running(generation: generation) { found.append(request) }
        }
        return found
    }
}

extension DownstreamConnection {
    func forEachExchange(_ body: (Exchange) -> Void) { body(exchange) }
}

extension HTTP2DownstreamConnection {
    func forEachExchange(_ body: (Exchange) -> Void) { for request in requests { body(request.exchange) } }
}
