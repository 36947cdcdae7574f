import Bytes
import HTTP1
package import NIOCore
import Routing

/// A response of Berth itself: a failure, a redirect, or a rule's `respond`.
package struct LocalResponse: Sendable {
    package var status: Int
    package var fields: [Field] = []
    package var contentType: String?
    package var body: [UInt8] = []
    /// It has a `Server`.
    private var namesServer = true
    private var removesStrictTransport = false

    package typealias Field = (name: [UInt8], value: [UInt8])

    /// The media type in which a failure is described.
    package enum Representation: Sendable { case html, json }

    /// The methods that Berth forwards.
    package static let allow = field("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH")

    /// Checks and probes find an endpoint within seconds of its return.
    private static let retryAfter = field("Retry-After", "5")

    private static func field(_ name: StaticString, _ value: String) -> Field {
        (name.withUTF8Buffer { Array($0) }, Array(value.utf8))
    }

    package static func redirect(status: Int, location: [UInt8]) -> LocalResponse {
        var response = LocalResponse(status: status)
        response.fields = [(Array("Location".utf8), location)]
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
        let details = "\(tier.signature); error=\(failure.proxyStatus); details=\"\(failure.message)\""
        response.fields = [field("Proxy-Status", details), field("X-Request-ID", requestID)]
        if failure.reason == .methodNotAllowed { response.fields.append(allow) }
        switch failure.reason {
        case .endpointsDown, .targetPaused, .targetStopped, .targetLimit, .queueTimeout:
            response.fields.append(retryAfter)
        default: break
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

    /// A response of Berth in place of an endpoint's, with the fields that its status demands (RFC 9110 §11.6.1, §15.5.6).
    static func replacing(_ head: borrowing ResponseHead, _ source: ByteBuffer) -> LocalResponse {
        var response = respond(
            status: head.status,
            contentType: nil,
            body: Array("\(head.status) \(StatusPhrase.of(head.status))\n".utf8)
        )
        let bytes = source.readableBytesUInt8Span
        for index in head.fields.indices {
            let field = head.fields[index]
            guard [.wwwAuthenticate, .allow, .retryAfter].contains(field.id) else { continue }
            let name = [UInt8](copying: bytes.extracting(field.name.indices))
            response.fields.append((name, [UInt8](copying: bytes.extracting(field.value.indices))))
        }
        return response
    }

    /// The same response with a page.
    ///
    /// - Parameter status: in place of the response's own; nil: that one.
    func showing(_ file: ErrorPageFile, status: Int?) -> LocalResponse {
        var response = self
        response.status = status ?? self.status
        response.contentType = file.contentType
        response.body = file.body
        return response
    }

    func showing(_ page: FetchedPage, status: Int?) -> LocalResponse {
        var response = self
        response.status = status ?? self.status
        response.contentType = nil
        response.fields += page.fields
        response.body = page.body
        return response
    }

    /// Carries out what a rule changes.
    package mutating func apply(_ changes: ResponseChanges) {
        fields.removeAll { changes.removes($0.name.span) }
        if changes.removes(Self.contentTypeName.span) { contentType = nil }
        if changes.removes(Self.serverName.span) { namesServer = false }
        let strictTransport = ListenerFacts.strictTransportName
        if changes.removes(strictTransport.span) { removesStrictTransport = true }
        fields += changes.fields
    }

    /// Adds what the listener adds, unless a rule says otherwise.
    package mutating func add(_ listener: ListenerFacts) {
        guard let field = listener.strictTransportField, !removesStrictTransport,
            !fields.contains(where: { $0.name.span.equalsIgnoringCase(field.name.span) })
        else { return }
        fields.append(field)
    }

    private static let contentTypeName = Array("content-type".utf8)
    private static let serverName = Array("server".utf8)

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
        out.writeStaticString("\r\n")
        if namesServer { out.writeStaticString("Server: berth\r\n") }
        out.writeBytes(date)
        for field in fields {
            out.writeBytes(field.name)
            out.writeStaticString(": ")
            out.writeBytes(field.value)
            out.writeStaticString("\r\n")
        }
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
