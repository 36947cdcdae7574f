/// Field names that the parser or the proxy treats in a way of its own, or that are so common that recognising
/// them is faster than checking their bytes.
@usableFromInline
package enum FieldID: UInt8, Hashable, Sendable, CaseIterable {
    case other
    /// None of the names below, but one of those that determine the sender, the end or the recipient of a message
    /// for a reader that replaces `_`, or any other mark in a name, by `-`, as CGI and its descendants do.
    case lookalike
    // Framing and routing.
    case host, contentLength, transferEncoding, expect, maxForwards
    // This hop only.
    case connection, keepAlive, proxyConnection, te, trailer, upgrade, http2Settings
    case proxyAuthenticate, proxyAuthorization
    /// Not a field of HTTP: CGI makes `HTTP_PROXY` of it, which many programs take for the proxy to use (httpoxy).
    case proxy
    // The way of the message.
    case via, forwarded, xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, xRealIP
    case xRequestID, proxyStatus
    // The client.
    case accept, acceptEncoding, acceptLanguage, acceptCharset, userAgent, referer, origin
    case authorization, cookie, range, ifRange, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince
    case pragma
    // The response.
    case server, date, age, allow, cacheControl, expires, etag, lastModified, location, retryAfter, vary
    case setCookie, wwwAuthenticate, warning, acceptRanges
    // The content.
    case contentType, contentEncoding, contentLanguage, contentLocation, contentRange, contentDisposition
}
