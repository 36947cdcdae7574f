import NIOCore

/// What a server sends to a client before there is a handshake.
enum PlainRecord {
    /// A fatal alert in a record that is not encrypted (RFC 8446 §5.1, §6). Each version's clients accept it.
    static func alert(_ description: UInt8) -> ByteBuffer {
        ByteBuffer(bytes: [21, 3, 3, 0, 2, 2, description])
    }

    static let unrecognizedName: UInt8 = 112
    static let internalError: UInt8 = 80

    /// For a client that sends HTTP without TLS.
    static let badRequest: ByteBuffer = {
        let body = "This port serves HTTPS only. Use https:// in the URL.\n"
        return ByteBuffer(
            string: "HTTP/1.1 400 Bad Request\r\nServer: berth\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        )
    }()
}
