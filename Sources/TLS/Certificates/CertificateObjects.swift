import COpenSSL
import PEM

/// A certificate, its chain and its key as OpenSSL's objects, released with this.
///
/// OpenSSL counts references to them atomically, and does not change them when several threads use them.
package final class CertificateObjects: @unchecked Sendable {
    /// `X509 *`, the server's own.
    package let certificate: OpaquePointer
    /// `STACK_OF(X509) *`: those of its issuers, in the order in which they are sent. May be empty.
    package let chain: OpaquePointer
    /// `EVP_PKEY *`
    package let key: OpaquePointer

    /// - Parameter certificates: the server's own first, DER.
    /// - Returns: nil: out of memory, as all was checked when the files were read.
    init?(certificates: [[UInt8]], key: SecretBytes) {
        guard let first = certificates.first, let leaf = X509Certificate(der: first),
            let privateKey = PrivateKey(der: key),
            let stack = OPENSSL_sk_new_reserve(nil, Int32(clamping: certificates.count))
        else { return nil }
        // From here on `deinit` releases what was made.
        certificate = leaf.retained()
        chain = stack
        self.key = privateKey.retained()
        for der in certificates.dropFirst() {
            guard let issuer = X509Certificate(der: der) else { return nil }
            let pointer = issuer.retained()
            guard OPENSSL_sk_push(stack, UnsafeRawPointer(pointer)) > 0 else {
                X509_free(pointer)
                return nil
            }
        }
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
        OPENSSL_sk_pop_free(chain) { X509_free(OpaquePointer($0)) }
    }
}
