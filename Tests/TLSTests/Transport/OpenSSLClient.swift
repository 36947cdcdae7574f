import COpenSSL

/// A client of OpenSSL over memory: the test carries the bytes.
final class OpenSSLClient {
    struct Options {
        var name: String? = "www.test.priv"
        var version: Int32?
        var protocols: [String] = []
        var session: Session?
        var ciphers: String?
        /// Signature algorithms that it accepts, in OpenSSL's names.
        var signatures: String?
        /// What the client shows, where it is asked.
        var certificate: TestAuthority.Issued?
    }

    /// A session that may be resumed.
    final class Session {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { SSL_SESSION_free(pointer) }
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    /// The last error in words.
    private(set) var error: String?
    private(set) var isConnected = false
    /// The peer has sent close_notify.
    private(set) var isEnded = false

    init(_ options: Options = Options()) {
        context = SSL_CTX_new(TLS_client_method())
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        ssl = SSL_new(context)
        input = BIO_new(BIO_s_mem())
        output = BIO_new(BIO_s_mem())
        SSL_set_bio(ssl, input, output)
        SSL_set_connect_state(ssl)
        if let name = options.name {
            var bytes = Array(name.utf8CString)
            SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), &bytes)
        }
        if let version = options.version {
            SSL_ctrl(ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
            SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
        }
        if let signatures = options.signatures {
            var bytes = Array(signatures.utf8CString)
            SSL_ctrl(ssl, SSL_CTRL_SET_SIGALGS_LIST, 0, &bytes)
        }
        if let ciphers = options.ciphers { SSL_set_cipher_list(ssl, ciphers) }
        if !options.protocols.isEmpty {
            let list = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            SSL_set_alpn_protos(ssl, list, UInt32(list.count))
        }
        if let issued = options.certificate { show(issued) }
        if let session = options.session { SSL_set_session(ssl, session.pointer) }
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    private func show(_ issued: TestAuthority.Issued) {
        func read<Value>(_ text: String, _ body: (OpaquePointer?) -> Value) -> Value {
            let bytes = Array(text.utf8)
            let bio = BIO_new_mem_buf(bytes, Int32(bytes.count))
            defer { BIO_free(bio) }
            return body(bio)
        }
        let certificate = read(issued.certificate) { PEM_read_bio_X509($0, nil, nil, nil) }
        let key = read(issued.key) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
        SSL_use_certificate(ssl, certificate)
        SSL_use_PrivateKey(ssl, key)
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    // MARK: Facts

    var version: String { String(cString: SSL_get_version(ssl)) }
    var isResumed: Bool { SSL_session_reused(ssl) == 1 }
    var session: Session? { SSL_get1_session(ssl).map(Session.init) }
    var cipher: String { SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? "" }

    /// What the server chose by ALPN.
    var chosenProtocol: String {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// SHA-256 of the server's certificate.
    var fingerprint: [UInt8] {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return [] }
        defer { X509_free(certificate) }
        var digest = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        X509_digest(certificate, EVP_sha256(), &digest, &count)
        return digest
    }

    // MARK: Bytes

    /// What is to be sent to the server.
    func takeOutput() -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = BIO_read(output, &block, Int32(block.count))
            guard count > 0 else { return bytes }
            bytes += block.prefix(Int(count))
        }
    }

    func feed(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        BIO_write(input, bytes, Int32(bytes.count))
    }

    /// Goes on with the handshake.
    func connect() {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { isConnected = true } else { note(result) }
    }

    func write(_ bytes: [UInt8]) {
        ERR_clear_error()
        let result = SSL_write(ssl, bytes, Int32(bytes.count))
        if result <= 0 { note(result) }
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// All that has arrived.
    func read() -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 15)
        while true {
            ERR_clear_error()
            let count = SSL_read(ssl, &block, Int32(block.count))
            guard count > 0 else {
                note(count)
                return bytes
            }
            bytes += block.prefix(Int(count))
        }
    }

    /// close_notify.
    func end() { SSL_shutdown(ssl) }

    /// New keys for both directions.
    func updateKeys() {
        SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
        write("k")
    }

    private func note(_ result: Int32) {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
        case SSL_ERROR_ZERO_RETURN: isEnded = true
        default:
            let code = ERR_peek_error()
            error = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
        }
        ERR_clear_error()
    }
}
