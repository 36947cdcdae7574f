import Bytes
package import HTTP1
package import NIOCore
package import Routing

/// Who sent a request.
package enum ClientAddress {
    /// The peer; after trusted proxies the last address of `X-Forwarded-For` that is not one of them.
    ///
    /// An element that is not an address ends the search: what precedes it cannot be trusted either.
    package static func of(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo,
        trustedProxies: [CIDR]
    ) -> IPAddress {
        guard connection.trusted else { return connection.peer }
        var client = connection.peer
        let bytes = source.readableBytesUInt8Span
        for index in head.fields.indices.reversed() where head.fields[index].id == .xForwardedFor {
            var elements = ReversedListElements(head.fields[index].value.indices)
            while let element = elements.next(bytes) {
                guard let address = IPAddress(bytes.extracting(element)) else { return client }
                client = address
                guard trustedProxies.contains(where: { $0.contains(address) }) else { return client }
            }
        }
        return client
    }
}
