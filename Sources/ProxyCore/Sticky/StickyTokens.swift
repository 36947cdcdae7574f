import Bytes
import Routing

/// Signs a text with a key: HMAC-SHA256 (RFC 2104), 32 bytes; empty where that is not possible.
package typealias Signature = @Sendable (_ key: [UInt8], _ text: [UInt8]) -> [UInt8]

/// Makes the tokens that name the endpoints of one pool: signatures of endpoint and pool.
struct StickyTokens {
    /// Of a token: 128 bits.
    static let bytes = 16

    private let secret: [UInt8]
    private let pool: String
    private let sign: Signature

    /// - Parameters:
    ///   - secret: the key.
    ///   - pool: a token of one pool names nothing in another.
    init(secret: [UInt8], pool: String, sign: @escaping Signature) {
        self.secret = secret
        self.pool = pool
        self.sign = sign
    }

    /// 32 hexadecimal digits; empty: names nothing.
    ///
    /// - Parameter identity: what is at the endpoint: another container at the same address has another token.
    func token(_ endpoint: Endpoint, identity: String?) -> [UInt8] {
        // A byte that is in none of the parts keeps them apart.
        token("\(pool)\u{0}\(endpoint)\u{0}\(identity ?? "")")
    }

    /// A token that names a part of a split.
    func token(part: String) -> [UInt8] {
        // No endpoint reads like this.
        token("\(pool)\u{0}part\u{0}\(part)")
    }

    private func token(_ text: String) -> [UInt8] {
        let signature = sign(secret, Array(text.utf8))
        guard signature.count >= Self.bytes else { return [] }
        return Array(signature.prefix(Self.bytes)).hexadecimal
    }
}
