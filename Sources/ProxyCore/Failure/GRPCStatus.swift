import Bytes
package import HTTP1
package import NIOCore

/// How a call of gRPC ends without a response of its server
/// (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md).
package struct GRPCStatus: Sendable {
    /// `grpc-status`
    package let code: Int
    private let message: String

    /// The server has gone before its response was complete.
    package static let unavailable = GRPCStatus(code: 14, message: "the response ended too early")

    private init(code: Int, message: String) {
        self.code = code
        self.message = message
    }

    /// - Parameter httpStatus: of a response of Berth's own; nil for one that is not a failure.
    package init?(httpStatus: Int) {
        let code: Int
        switch httpStatus {
        case 400, 431, 413, 414: code = 13
        case 401: code = 16
        case 403: code = 7
        case 404: code = 12
        case 429, 502, 503, 504: code = 14
        case 408: code = 4
        case 400...599: code = 2
        default: return nil
        }
        self.init(code: code, message: "\(httpStatus) \(StatusPhrase.of(httpStatus))")
    }

    /// Whether the request is a call of gRPC. gRPC-Web is not: its clients read HTTP.
    package static func isGRPC(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool {
        guard let field = head.first(.contentType) else { return false }
        let value = bytes.extracting(field.value.indices)
        let name = "application/grpc".utf8
        guard value.count >= name.count,
            value.extracting(first: name.count).equalsIgnoringCase(Self.mediaType.span)
        else { return false }
        guard value.count > name.count else { return true }
        let next = value[name.count]
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ";") || next == ASCII.space
    }

    private static let mediaType = Array("application/grpc".utf8)

    /// The field lines after a response that has begun.
    package var trailers: ByteBuffer {
        ByteBuffer(string: "grpc-status: \(code)\r\ngrpc-message: \(message)\r\n")
    }

    /// Writes a response that has a head alone (`Trailers-Only`), as HTTP/1 has it.
    ///
    /// - Parameter response: in its place; its fields stay.
    package func write(_ response: LocalResponse, date: [UInt8], into out: inout ByteBuffer) {
        var plain = LocalResponse.respond(status: 200, contentType: "application/grpc", body: [])
        plain.fields = response.fields
        plain.fields.append((Array("grpc-status".utf8), Array("\(code)".utf8)))
        plain.fields.append((Array("grpc-message".utf8), Array(message.utf8)))
        plain.write(keepAlive: true, http10: false, withBody: false, date: date, into: &out)
    }
}
