import FoundationEssentials
package import NIOCore
import NIOFoundationEssentialsCompat

/// One HTTP request to a registry.
package struct RegistryRequest: Sendable {
    package enum Method: Sendable { case get, post }

    package var method: Method
    /// `http://`, `https://`, or `http+unix://` with the socket's path as its host.
    package var url: String
    package var fields: [(name: String, value: String)] = []
    package var body: ByteBuffer?

    package init(_ method: Method, _ url: String) {
        self.method = method
        self.url = url
    }

    /// Sets the body to `value` as JSON.
    package mutating func encode(_ value: some Encodable) throws {
        fields.append(("content-type", "application/json"))
        body = ByteBuffer(data: try JSONEncoder().encode(value))
    }
}

/// A response that is not a stream.
package struct RegistryResponse: Sendable {
    package let status: UInt
    package let body: ByteBuffer

    package init(status: UInt, body: ByteBuffer) {
        self.status = status
        self.body = body
    }
}

extension ByteBuffer {
    /// Decodes its bytes as JSON.
    package func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: self)
    }
}
