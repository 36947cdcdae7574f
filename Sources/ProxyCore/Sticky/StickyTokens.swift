import COpenSSL
import Routing

/// Makes the tokens that name the endpoints of one pool: signatures of endpoint and pool (HMAC-SHA256, RFC 2104).
struct StickyTokens {
    /// Of a token: 128 bits.
    static let bytes = 16

    private let secret: [UInt8]
    private let pool: String

    /// - Parameters:
    ///   - secret: the key.
    ///   - pool: a token of one pool names nothing in another.
    init(secret: [UInt8], pool: String) {
        self.secret = secret
        self.pool = pool
    }

    /// 32 hexadecimal digits.
    ///
    /// - Parameter identity: what is at the endpoint: another container at the same address has another token.
    func token(_ endpoint: Endpoint, identity: String?) -> [UInt8] {
        // A byte that is in none of the parts keeps them apart.
        let text = Array("\(pool)\u{0}\(endpoint)\u{0}\(identity ?? "")".utf8)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard HMAC(EVP_sha256(), secret, Int32(secret.count), text, text.count, &digest, &length) != nil
        else {
            // Names nothing.
            return []
        }
        let digits = Array("0123456789abcdef".utf8)
        return digest.prefix(Self.bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
