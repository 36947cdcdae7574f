import COpenSSL

/// A server of OpenSSL over memory: the test carries the bytes. It shows whatever certificate it is given.
final class OpenSSLServer {
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    init?(_ issued: TestAuthority.Issued) {
        context = SSL_CTX_new(TLS_server_method())
        ssl = SSL_new(context)
        input = BIO_new(BIO_s_mem())
        output = BIO_new(BIO_s_mem())
        SSL_set_bio(ssl, input, output)
        SSL_set_accept_state(ssl)
        guard let certificate = Self.read(issued.certificate, { PEM_read_bio_X509($0, nil, nil, nil) }),
            let key = Self.read(issued.key, { PEM_read_bio_PrivateKey($0, nil, nil, nil) })
        else { return nil }
        defer {
            X509_free(certificate)
            EVP_PKEY_free(key)
        }
        guard SSL_use_certificate(ssl, certificate) == 1, SSL_use_PrivateKey(ssl, key) == 1 else {
            return nil
        }
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    private static func read(_ text: String, _ body: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        let bytes = Array(text.utf8)
        guard let bio = BIO_new_mem_buf(bytes, Int32(bytes.count)) else { return nil }
        defer { BIO_free(bio) }
        return body(bio)
    }

    /// - Returns: what is to be sent to the client.
    func accept(_ bytes: [UInt8]) -> [UInt8] {
        if !bytes.isEmpty { BIO_write(input, bytes, Int32(bytes.count)) }
        ERR_clear_error()
        SSL_do_handshake(ssl)
        ERR_clear_error()
        var reply = [UInt8](repeating: 0, count: 1 << 16)
        let count = BIO_read(output, &reply, Int32(reply.count))
        return Array(reply.prefix(Int(max(0, count))))
    }
}
