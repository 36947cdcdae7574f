import Bytes
package import HTTP1
package import NIOCore
package import Routing

/// Who sent a request.
package enum ClientAddress {
    /// Stands for a client that a trusted proxy does not name: `0.0.0.0`, which no client has.
    package static let unknown = IPAddress(v4: 0)

    /// The peer; after trusted proxies the last address of `X-Forwarded-For` that is not one of them. `Forwarded`
    /// counts where there is no `X-Forwarded-For`.
    ///
    /// An element that is not an address ends the search, and the client is `unknown`: it must not get the rights of
    /// the proxy that forwarded its request, nor those of an address that it may have written itself.
    package static func of(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo,
        trustedProxies: [CIDR]
    ) -> IPAddress {
        // Most requests have no such field.
        guard connection.trusted, isNamed(head) else { return connection.peer }
        var client = connection.peer
        let bytes = source.readableBytesUInt8Span
        var isPresent = false
        for index in head.fields.indices.reversed() where head.fields[index].id == .xForwardedFor {
            isPresent = true
            var elements = ReversedListElements(head.fields[index].value.indices)
            while let element = elements.next(bytes) {
                guard let address = ForwardedNode.address(bytes.extracting(element)) else { return unknown }
                client = address
                guard trustedProxies.contains(where: { $0.contains(address) }) else { return client }
            }
        }
        if isPresent { return client }
        for element in ForwardedElement.all(head, bytes).reversed() {
            guard let node = element.node, let address = ForwardedNode.address(node.span) else {
                return unknown
            }
            client = address
            guard trustedProxies.contains(where: { $0.contains(address) }) else { return client }
        }
        return client
    }

    private static func isNamed(_ head: borrowing RequestHead) -> Bool {
        for index in head.fields.indices {
            switch head.fields[index].id {
            case .xForwardedFor, .forwarded: return true
            default: break
            }
        }
        return false
    }
}
