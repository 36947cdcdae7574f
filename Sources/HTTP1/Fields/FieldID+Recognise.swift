import Bytes

extension FieldID {
    /// The longest name known here, bytes.
    private static let longestName = 19

    /// The field of this name, without regard to case; `.other` if the name is not known here.
    @inline(__always)
    static func recognise(_ bytes: Span<UInt8>, at start: Int, length: Int) -> FieldID {
        guard length >= 2, length <= longestName else { return .other }
        let first = bytes.word(at: start, length: length)
        if length <= 8 { return short(first, length: length) }
        let second = bytes.word(at: start &+ 8, length: length &- 8)
        let id: FieldID
        if length <= 16 {
            id = medium(first, second, length: length)
        } else {
            id = long(first, second, bytes.word(at: start &+ 16, length: length &- 16), length: length)
        }
        if id == .other, bytes.hasMark(from: start, to: start &+ length) {
            return unmasked(bytes, at: start, length: length)
        }
        return id
    }

    /// `.lookalike` for a name that would be one of those that matter if its marks were hyphens.
    @inline(never)
    private static func unmasked(_ bytes: Span<UInt8>, at start: Int, length: Int) -> FieldID {
        var words = InlineArray<3, UInt64>(repeating: 0)
        for place in 0..<min(length, longestName) {
            guard let byte = bytes.byte(at: start &+ place) else { return .other }
            let plain = ASCII.isLetterOrDigit(byte) ? byte : UInt8(ascii: "-")
            words[place &>> 3] |= UInt64(plain) &<< UInt64(8 &* (place & 7))
        }
        let id =
            length <= 16
            ? medium(words[0], words[1], length: length)
            : long(words[0], words[1], words[2], length: length)
        return id.mayBeMistaken ? .lookalike : .other
    }

    /// No later reader may find such a field under another name. (No name of less than nine bytes has a hyphen.)
    private var mayBeMistaken: Bool {
        switch self {
        case .contentLength, .transferEncoding, .maxForwards, .keepAlive, .proxyConnection, .http2Settings,
            .proxyAuthenticate, .proxyAuthorization, .proxyStatus, .xForwardedFor, .xForwardedProto,
            .xForwardedHost, .xForwardedPort, .xRealIP, .xRequestID:
            true
        default: false
        }
    }

    private static func short(_ first: UInt64, length: Int) -> FieldID {
        switch length {
        case 2:
            if first.spells("te") { return .te }
        case 3:
            if first.spells("age") { return .age }
            if first.spells("via") { return .via }
        case 4:
            if first.spells("date") { return .date }
            if first.spells("etag") { return .etag }
            if first.spells("host") { return .host }
            if first.spells("vary") { return .vary }
        case 5:
            if first.spells("allow") { return .allow }
            if first.spells("proxy") { return .proxy }
            if first.spells("range") { return .range }
        case 6:
            if first.spells("accept") { return .accept }
            if first.spells("cookie") { return .cookie }
            if first.spells("expect") { return .expect }
            if first.spells("origin") { return .origin }
            if first.spells("pragma") { return .pragma }
            if first.spells("server") { return .server }
        case 7:
            if first.spells("expires") { return .expires }
            if first.spells("referer") { return .referer }
            if first.spells("trailer") { return .trailer }
            if first.spells("upgrade") { return .upgrade }
            if first.spells("warning") { return .warning }
        case 8:
            if first.spells("if-match") { return .ifMatch }
            if first.spells("if-range") { return .ifRange }
            if first.spells("location") { return .location }
        default: break
        }
        return .other
    }

    private static func medium(_ first: UInt64, _ second: UInt64, length: Int) -> FieldID {
        switch length {
        case 9:
            if first.spells("forwarde") && second.spells("d") { return .forwarded }
            if first.spells("x-real-i") && second.spells("p") { return .xRealIP }
        case 10:
            if first.spells("connecti") && second.spells("on") { return .connection }
            if first.spells("keep-ali") && second.spells("ve") { return .keepAlive }
            if first.spells("set-cook") && second.spells("ie") { return .setCookie }
            if first.spells("user-age") && second.spells("nt") { return .userAgent }
        case 11:
            if first.spells("retry-af") && second.spells("ter") { return .retryAfter }
        case 12:
            if first.spells("content-") && second.spells("type") { return .contentType }
            if first.spells("max-forw") && second.spells("ards") { return .maxForwards }
            if first.spells("proxy-st") && second.spells("atus") { return .proxyStatus }
            if first.spells("x-reques") && second.spells("t-id") { return .xRequestID }
        case 13:
            if first.spells("accept-r") && second.spells("anges") { return .acceptRanges }
            if first.spells("authoriz") && second.spells("ation") { return .authorization }
            if first.spells("cache-co") && second.spells("ntrol") { return .cacheControl }
            if first.spells("content-") && second.spells("range") { return .contentRange }
            if first.spells("if-none-") && second.spells("match") { return .ifNoneMatch }
            if first.spells("last-mod") && second.spells("ified") { return .lastModified }
        case 14:
            if first.spells("accept-c") && second.spells("harset") { return .acceptCharset }
            if first.spells("content-") && second.spells("length") { return .contentLength }
            if first.spells("http2-se") && second.spells("ttings") { return .http2Settings }
        case 15:
            if first.spells("accept-e") && second.spells("ncoding") { return .acceptEncoding }
            if first.spells("accept-l") && second.spells("anguage") { return .acceptLanguage }
            if first.spells("x-forwar") && second.spells("ded-for") { return .xForwardedFor }
        case 16:
            if first.spells("content-") && second.spells("encoding") { return .contentEncoding }
            if first.spells("content-") && second.spells("language") { return .contentLanguage }
            if first.spells("content-") && second.spells("location") { return .contentLocation }
            if first.spells("proxy-co") && second.spells("nnection") { return .proxyConnection }
            if first.spells("www-auth") && second.spells("enticate") { return .wwwAuthenticate }
            if first.spells("x-forwar") && second.spells("ded-host") { return .xForwardedHost }
            if first.spells("x-forwar") && second.spells("ded-port") { return .xForwardedPort }
        default: break
        }
        return .other
    }

    private static func long(_ first: UInt64, _ second: UInt64, _ third: UInt64, length: Int) -> FieldID {
        switch length {
        case 17:
            if first.spells("if-modif") && second.spells("ied-sinc") && third.spells("e") {
                return .ifModifiedSince
            }
            if first.spells("transfer") && second.spells("-encodin") && third.spells("g") {
                return .transferEncoding
            }
            if first.spells("x-forwar") && second.spells("ded-prot") && third.spells("o") {
                return .xForwardedProto
            }
        case 18:
            if first.spells("proxy-au") && second.spells("thentica") && third.spells("te") {
                return .proxyAuthenticate
            }
        case 19:
            if first.spells("content-") && second.spells("disposit") && third.spells("ion") {
                return .contentDisposition
            }
            if first.spells("if-unmod") && second.spells("ified-si") && third.spells("nce") {
                return .ifUnmodifiedSince
            }
            if first.spells("proxy-au") && second.spells("thorizat") && third.spells("ion") {
                return .proxyAuthorization
            }
        default: break
        }
        return .other
    }
}
