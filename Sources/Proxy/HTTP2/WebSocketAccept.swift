import Bytes
import COpenSSL
import NIOCore

/// WebSocket over a stream (RFC 8441), as HTTP/1 has it: the response to an extended CONNECT becomes the one that changes
/// the protocol, so that a client of either version finds what it expects.
enum WebSocketAccept {
    /// The value of `Sec-WebSocket-Key` in a request's head; empty: there is none.
    static func key(in head: Span<UInt8>) -> [UInt8] {
        let name = Array("sec-websocket-key:".utf8)
        var start = 0
        while start < head.count {
            var end = start
            while end < head.count, head[end] != ASCII.cr { end += 1 }
            if end == start { break }
            let line = head.extracting(start..<end)
            if line.count > name.count, line.extracting(first: name.count).equalsIgnoringCase(name.span) {
                let value = line.extracting(name.count..<line.count)
                return [UInt8](copying: value).filter { $0 > 0x20 }
            }
            start = end + 2
        }
        return []
    }

    /// RFC 6455 §4.2.2.
    static func value(for key: [UInt8]) -> [UInt8] {
        let text = key + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        guard EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil) == 1 else { return [] }
        // With the zero that the library writes at its end.
        var encoded = [UInt8](repeating: 0, count: 29)
        let count = Int(EVP_EncodeBlock(&encoded, digest, Int32(digest.count)))
        return Array(encoded.prefix(count))
    }

    /// - Parameters:
    ///   - head: of the response to an extended CONNECT.
    ///   - key: of the request.
    /// - Returns: with 101, where the peer has accepted; else the same.
    static func switching(_ head: ByteBuffer, key: [UInt8]) -> ByteBuffer {
        let bytes = head.readableBytesUInt8Span
        // `HTTP/1.1 2`
        guard bytes.count > 13, bytes[9] == UInt8(ascii: "2") else { return head }
        var lineEnd = 0
        while lineEnd < bytes.count, bytes[lineEnd] != UInt8(ascii: "\n") { lineEnd += 1 }
        var text = ByteBuffer()
        text.writeStaticString(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        )
        if !key.isEmpty {
            text.writeStaticString("Sec-WebSocket-Accept: ")
            text.writeBytes(value(for: key))
            text.writeStaticString("\r\n")
        }
        let rest = min(lineEnd + 1, bytes.count)
        text.writeBytes(bytes.extracting(rest..<bytes.count).bytes)
        return text
    }
}
