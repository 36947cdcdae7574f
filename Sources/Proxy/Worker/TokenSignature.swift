import COpenSSL

/// HMAC-SHA256 of libcrypto.
enum TokenSignature {
    /// - Returns: 32 bytes; none where libcrypto fails.
    static func sign(_ key: [UInt8], _ text: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard HMAC(EVP_sha256(), key, Int32(key.count), text, text.count, &digest, &length) != nil else {
            return []
        }
        return Array(digest.prefix(Int(length)))
    }
}
