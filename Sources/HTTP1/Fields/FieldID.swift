/// Field names that the parser or the proxy treats in a way of its own, or that are common enough that
/// knowing them is quicker than checking their bytes.
@usableFromInline
package enum FieldID: UInt8, Hashable, Sendable, CaseIterable {
    case other
    /// None of the names below, but one of those that say who sent a message, where it ends or whom it is for, if a
    /// reader takes `_`, or any other mark in a name, for `-`: as CGI, and all that learnt from it, does.
    case lookalike
    // Framing and routing.
    case host, contentLength, transferEncoding, expect, maxForwards
    // This hop only.
    case connection, keepAlive, proxyConnection, te, trailer, upgrade, http2Settings
    case proxyAuthenticate, proxyAuthorization
    // Who passed it on.
    case via, forwarded, xForwardedFor, xForwardedProto, xForwardedHost, xForwardedPort, xRealIP
    case xRequestID, proxyStatus
    // The client.
    case accept, acceptEncoding, acceptLanguage, acceptCharset, userAgent, referer, origin
    case authorization, cookie, range, ifRange, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince
    case pragma
    // The answer.
    case server, date, age, allow, cacheControl, expires, etag, lastModified, location, retryAfter, vary
    case setCookie, wwwAuthenticate, warning, acceptRanges
    // The content.
    case contentType, contentEncoding, contentLanguage, contentLocation, contentRange, contentDisposition
}
