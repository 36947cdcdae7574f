import HTTP1
package import NIOCore

/// A response of Berth itself: a failure, a redirect, or a rule's `respond`.
package struct LocalResponse: Sendable {
    package var status: Int
    /// Whole lines, each with its line end.
    package var fields: [UInt8] = []
    package var contentType: String?
    package var body: [UInt8] = []

    /// The media type in which a failure is described.
    package enum Representation: Sendable { case html, json }

    /// The methods that Berth forwards.
    package static let allowLine = Array("Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n".utf8)

    package static func redirect(status: Int, location: [UInt8]) -> LocalResponse {
        var response = LocalResponse(status: status)
        response.fields = Array("Location: ".utf8) + location + Array("\r\n".utf8)
        return response
    }

    package static func respond(status: Int, contentType: String?, body: [UInt8]) -> LocalResponse {
        var response = LocalResponse(status: status)
        response.contentType = body.isEmpty ? contentType : contentType ?? "text/plain; charset=utf-8"
        response.body = body
        return response
    }

    /// A failure in words: the tier, the message, and the request id to look it up by. Never the target.
    package static func failure(
        _ failure: Failure,
        tier: TierSettings,
        requestID: String,
        representation: Representation
    ) -> LocalResponse {
        var response = LocalResponse(status: failure.status)
        response.fields = Array(
            ("Proxy-Status: \(tier.signature); error=\(failure.proxyStatus); details=\"\(failure.message)\"\r\n"
                + "X-Request-ID: \(requestID)\r\n").utf8
        )
        if failure.reason == .methodNotAllowed {
            response.fields += allowLine
        }
        let phrase = StatusPhrase.of(failure.status)
        switch representation {
        case .json:
            response.contentType = "application/json"
            response.body = Array(
                (#"{"status":\#(failure.status),"error":"\#(failure.reason.rawValue)","#
                    + #""detail":"\#(failure.message)","proxy":"berth","tier":"\#(tier.name)","#
                    + #""request_id":"\#(requestID)"}"# + "\n").utf8
            )
        case .html:
            response.contentType = "text/html; charset=utf-8"
            response.body = Array(
                """
                <!doctype html>
                <title>\(failure.status) \(phrase)</title>
                <h1>\(failure.status) \(phrase)</h1>
                <p>\(failure.message)</p>
                <hr><p>Berth, \(tier.name) tier. Request id: <code>\(requestID)</code></p>

                """.utf8
            )
        }
        return response
    }

    /// Appends head and body.
    ///
    /// - Parameters:
    ///   - keepAlive: the connection stays open.
    ///   - withBody: false for HEAD, whose response has the fields of a body and no body.
    package func write(
        keepAlive: Bool,
        http10: Bool,
        withBody: Bool,
        date: [UInt8],
        into out: inout ByteBuffer
    ) {
        out.writeStaticString("HTTP/1.1 ")
        out.writeDecimal(UInt64(UInt(bitPattern: status)))
        out.writeInteger(UInt8(ascii: " "))
        out.writeString(StatusPhrase.of(status))
        out.writeStaticString("\r\nServer: berth\r\n")
        out.writeBytes(date)
        out.writeBytes(fields)
        let bodyless = status == 204 || status == 304
        if !bodyless {
            if let contentType {
                out.writeStaticString("Content-Type: ")
                out.writeString(contentType)
                out.writeStaticString("\r\n")
            }
            out.writeStaticString("Content-Length: ")
            out.writeDecimal(UInt64(body.count))
            out.writeStaticString("\r\n")
        }
        if !keepAlive {
            out.writeStaticString("Connection: close\r\n")
        } else if http10 {
            out.writeStaticString("Connection: keep-alive\r\n")
        }
        out.writeStaticString("\r\n")
        if withBody, !bodyless { out.writeBytes(body) }
    }
}
