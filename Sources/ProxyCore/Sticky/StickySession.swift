import Balancing
import Bytes
import HTTP1
import NIOCore
import Routing

/// How clients of one pool stay with their endpoints: reads a request's token, and gives a response one.
struct StickySession {
    private enum Carrier {
        case cookie([UInt8])
        case header([UInt8])
    }

    private let carrier: Carrier
    /// The response's field.
    private let field: [UInt8]
    /// What follows the token in the field's value; with and without `Secure`.
    private let attributes: (plain: [UInt8], secure: [UInt8])

    init(_ settings: StickySettings) {
        switch settings.carrier {
        case .header(let name):
            carrier = .header(name.utf8.map(ASCII.lowercased))
            field = Array(name.utf8)
            attributes = ([], [])
        case .cookie(let cookie):
            carrier = .cookie(Array(cookie.name.utf8))
            field = Array("Set-Cookie".utf8)
            var text = "; Path=/"
            if let maxAge = cookie.maxAge { text += "; Max-Age=\(maxAge.components.seconds)" }
            if cookie.isHTTPOnly { text += "; HttpOnly" }
            switch cookie.sameSite {
            case .strict: text += "; SameSite=Strict"
            case .lax: text += "; SameSite=Lax"
            case .none: text += "; SameSite=None"
            }
            let secure = text + "; Secure"
            attributes = (
                Array((cookie.secure == .always ? secure : text).utf8),
                Array((cookie.secure == .never ? text : secure).utf8)
            )
        }
    }

    /// Nil: the pool has no such clients.
    static func of(_ pool: Pool) -> StickySession? { pool.settings.sticky.map(StickySession.init) }

    /// The token that a request carries; empty: none.
    func token(_ head: borrowing RequestHead, _ source: ByteBuffer) -> [UInt8] {
        let fields = copy head
        var token: [UInt8] = []
        switch carrier {
        case .header(let name):
            _ = fields.anyValue(of: name, in: source.readableBytesUInt8Span) { value in
                token = [UInt8](copying: value)
                return true
            }
        case .cookie(let name):
            _ = fields.anyValue(of: Array("cookie".utf8), in: source.readableBytesUInt8Span) { value in
                guard let range = CookieField.value(of: name, in: value) else { return false }
                token = [UInt8](copying: value.extracting(range))
                return true
            }
        }
        // What is longer is nobody's.
        return token.count == 2 * StickyTokens.bytes ? token : []
    }

    /// The field that gives the client a token.
    func field(_ token: [UInt8], isSecure: Bool) -> (name: [UInt8], value: [UInt8]) {
        switch carrier {
        case .header: (field, token)
        case .cookie(let name):
            (field, name + [ASCII.equals] + token + (isSecure ? attributes.secure : attributes.plain))
        }
    }
}
