import NIOCore

/// A request as bytes on the wire, taken apart for people.
package struct ReceivedRequest: Encodable, Sendable {
    package let requestLine: String
    package let headers: [Header]

    package struct Header: Encodable, Sendable, Equatable {
        package let name: String
        package let value: String
    }

    enum CodingKeys: String, CodingKey {
        case requestLine = "request_line"
        case headers
    }

    /// - Parameter head: a well-formed head, as the forwarding code writes it.
    init(_ head: ByteBuffer) {
        let lines = String(buffer: head).split(separator: "\r\n", omittingEmptySubsequences: true)
        requestLine = lines.first.map(String.init) ?? ""
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return Header(
                name: String(line[..<colon]),
                value: String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
            )
        }
    }
}
