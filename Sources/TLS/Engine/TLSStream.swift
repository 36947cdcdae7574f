import COpenSSL
import NIOCore
import Routing
import ServerNames

/// One side of a TLS connection, without I/O: encrypted bytes that arrived become plain ones, and plain ones
/// become encrypted ones to send. This is the one place that calls libssl about a connection.
///
/// Used on its event loop alone.
final class TLSStream {
    /// What bytes that arrived have led to.
    enum Outcome: Equatable {
        /// All is well; more has to arrive for whatever follows.
        case needsInput
        /// The peer has ended its half in an orderly way (close_notify).
        case ended
        /// It cannot go on. An alert for the peer may be among the output.
        case failed(TLSFailure)
    }

    private let ssl: OpaquePointer
    private let memory: TLSMemory
    /// Keeps what the callbacks of `ssl` use.
    private let context: AnyObject
    /// What a client knows of its server, and finds out; nil: this is the server.
    private let server: PeerCheck?
    private(set) var isEstablished = false
    /// What a server demands of its client; nil: nothing.
    let verification: ClientVerification?

    private init(
        _ pointer: OpaquePointer,
        _ context: AnyObject,
        _ memory: TLSMemory,
        to server: PeerCheck? = nil,
        demanding verification: ClientVerification? = nil
    ) throws(TLSFailure) {
        ERR_clear_error()
        guard let ssl = SSL_new(pointer) else { throw .last() }
        self.ssl = ssl
        self.memory = memory
        self.context = context
        self.server = server
        self.verification = verification
        guard let method = TLSMemory.method, let bio = BIO_new(method) else { throw .last() }
        BIO_set_data(bio, memory.channel)
        SSL_set_bio(ssl, bio, bio)
    }

    /// The server's side.
    ///
    /// - Parameters:
    ///   - certificate: what the client is shown.
    ///   - alternative: one with another kind of key, for clients that prefer it; nil: there is none.
    ///   - verification: what the client has to show; nil: nothing.
    /// - Throws: where the certificate does not fit the policy, or memory is short.
    convenience init(
        _ context: TLSContext,
        _ certificate: Certificate,
        _ memory: TLSMemory,
        alternative: Certificate? = nil,
        verification: ClientVerification? = nil
    ) throws(TLSFailure) {
        try self.init(context.pointer, context, memory, demanding: verification)
        SSL_set_accept_state(ssl)
        let session = SessionScope.of(context.policy, certificate, alternative, verification)
        if let alternative, !use(alternative) { throw .last() }
        guard use(certificate),
            SSL_set_session_id_context(ssl, session, UInt32(session.count)) == 1
        else { throw .last() }
        if let verification, !verification.apply(to: ssl) { throw .last() }
    }

    /// Each kind of key has a place of its own.
    private func use(_ certificate: Certificate) -> Bool {
        guard let objects = certificate.objects() else { return false }
        return SSL_use_cert_and_key(ssl, objects.certificate, objects.key, objects.chain, 1) == 1
    }

    /// The client's side. The handshake begins with the first `receive`, of no bytes.
    ///
    /// - Parameters:
    ///   - server: who the peer has to be.
    ///   - protocols: offered by ALPN, the best first.
    ///   - session: resumed where the server agrees; nil: the handshake is a full one.
    /// - Throws: where memory is short.
    convenience init(
        _ context: TLSClientContext,
        to server: PeerCheck,
        protocols: [String],
        session: TLSSession?,
        _ memory: TLSMemory
    ) throws(TLSFailure) {
        try self.init(context.pointer, context, memory, to: server)
        SSL_set_connect_state(ssl)
        // Not retained: `server` lives as long as `ssl`.
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(server).toOpaque())
        if context.verifies { SSL_set_verify(ssl, SSL_VERIFY_PEER, PeerCheck.callback) }
        let offered = protocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + Array($0.utf8) }
        guard SSL_set_alpn_protos(ssl, offered, UInt32(offered.count)) == 0 else { throw .last() }
        if case .host(let host)? = server.name {
            guard host.text.withCString({ berth_set_server_name(ssl, $0) }) == 1 else { throw .last() }
        }
        if let session, session.fits(context, server) { SSL_set_session(ssl, session.pointer) }
    }

    deinit {
        SSL_free(ssl)
    }

    // MARK: Facts, once it is established

    /// `TLSv1.3`
    var version: String { String(cString: SSL_get_version(ssl)) }

    /// In OpenSSL's names: `TLS_AES_128_GCM_SHA256`.
    var cipher: String {
        SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? ""
    }

    var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// What both sides agreed on by ALPN; nil: nothing.
    var negotiatedProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// Whether the peer's certificate, or that of the session that was resumed, has passed all checks.
    var isVerified: Bool { SSL_get_verify_result(ssl) == X509_V_OK }

    /// What the client has shown; nil: nothing, or nothing was demanded.
    var clientCertificate: ClientCertificate? { verification == nil ? nil : ClientCertificate(ssl) }

    // MARK: Bytes

    /// Takes all bytes that have arrived. What they contain is in `memory.plain` afterwards.
    ///
    /// - Parameter output: what is to be sent because of them is appended here.
    func receive(_ bytes: ByteBuffer, output: inout ByteBuffer) -> Outcome {
        memory.clear()
        return bytes.withUnsafeReadableBytes { input in
            memory.channel.pointee.input = input.bindMemory(to: UInt8.self).baseAddress
            memory.channel.pointee.input_count = input.count
            defer {
                memory.channel.pointee.input = nil
                memory.channel.pointee.input_count = 0
            }
            if !isEstablished {
                let error = call(&output, room: Self.handshakeRoom) { SSL_do_handshake(ssl) }
                guard error == SSL_ERROR_NONE else { return outcome(error) }
                isEstablished = true
            }
            return decrypt(&output)
        }
    }

    private func decrypt(_ output: inout ByteBuffer) -> Outcome {
        while true {
            var error = SSL_ERROR_NONE
            memory.plain.writeWithUnsafeMutableBytes(minimumWritableBytes: TLSMemory.recordBytes) { plain in
                var count = 0
                error = call(&output, room: 0) { SSL_read_ex(ssl, plain.baseAddress, plain.count, &count) }
                return error == SSL_ERROR_NONE ? count : 0
            }
            guard error == SSL_ERROR_NONE else { return outcome(error) }
            // A call that finds nothing takes a buffer of a whole record for that.
            if memory.channel.pointee.input_count == 0, SSL_has_pending(ssl) == 0 { return .needsInput }
        }
    }

    /// Encrypts bytes.
    ///
    /// - Parameter output: the result is appended here.
    /// - Returns: false where nothing can be sent any more.
    func send(_ bytes: ByteBuffer, output: inout ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { plain in
            guard !plain.isEmpty else { return true }
            let records = plain.count / TLSMemory.recordBytes + 1
            var count = 0
            let error = call(&output, room: plain.count + records * TLSMemory.recordExtra) {
                SSL_write_ex(ssl, plain.baseAddress, plain.count, &count)
            }
            if error != SSL_ERROR_NONE { ERR_clear_error() }
            return error == SSL_ERROR_NONE
        }
    }

    /// Ends this half in an orderly way: close_notify (RFC 8446 §6.1). Nothing may be sent afterwards.
    func end(output: inout ByteBuffer) {
        guard isEstablished else { return }
        _ = call(&output, room: TLSMemory.recordExtra) {
            // 0: sent, and the peer's has not arrived; 1: both.
            SSL_shutdown(ssl) >= 0 ? 1 : -1
        }
        ERR_clear_error()
    }

    // MARK: Calls

    /// Bytes that a server sends at once in a handshake with a usual chain.
    private static let handshakeRoom = 6 << 10
    private static let moreRoom = 4 << 10

    /// Calls OpenSSL, again for as long as it needs more room for what it sends.
    ///
    /// - Parameter room: for the first call, bytes; 0: that of `TLSMemory.replies`, as mostly nothing is sent.
    /// - Returns: SSL_ERROR_NONE, or what SSL_get_error(3) returns; never SSL_ERROR_WANT_WRITE.
    private func call(_ output: inout ByteBuffer, room: Int, _ body: () -> Int32) -> Int32 {
        var room = room
        while true {
            let error: Int32
            if room == 0 {
                setOutput(memory.replies.baseAddress, memory.replies.count)
                error = callOnce(body)
                let count = memory.channel.pointee.output_count
                if count > 0 { output.writeBytes(UnsafeRawBufferPointer(rebasing: memory.replies[..<count])) }
                setOutput(nil, 0)
            } else {
                var result = SSL_ERROR_NONE
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
                    setOutput(memory.baseAddress, memory.count)
                    result = callOnce(body)
                    return self.memory.channel.pointee.output_count
                }
                setOutput(nil, 0)
                error = result
            }
            guard error == SSL_ERROR_WANT_WRITE else { return error }
            room = Self.moreRoom
        }
    }

    private func callOnce(_ body: () -> Int32) -> Int32 {
        // To empty the queue takes much longer than to see that it is empty.
        if ERR_peek_error() != 0 { ERR_clear_error() }
        let result = body()
        return result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, result)
    }

    private func setOutput(_ address: UnsafeMutableRawPointer?, _ count: Int) {
        memory.channel.pointee.output = address?.assumingMemoryBound(to: UInt8.self)
        memory.channel.pointee.output_room = count
        memory.channel.pointee.output_count = 0
    }

    private func outcome(_ error: Int32) -> Outcome {
        switch error {
        case SSL_ERROR_WANT_READ: .needsInput
        case SSL_ERROR_ZERO_RETURN: .ended
        default: .failed(failure())
        }
    }
}

extension TLSStream {
    private func failure() -> TLSFailure {
        let failure = TLSFailure.last(of: server == nil ? .client : .endpoint)
        // What was found out of the peer's certificate says more than that it was refused.
        if let server { return server.failure ?? failure }
        return verification == nil ? failure : ClientVerification.explain(failure, ssl)
    }
}

/// Which sessions may be resumed where: those of one policy, with one certificate. A session goes with its certificate, so
/// that a client sees a new one at its next connection.
enum SessionScope {
    /// - Returns: at most 32 bytes (SSL_MAX_SID_CTX_LENGTH).
    static func of(
        _ policy: TLSPolicy,
        _ certificate: Certificate,
        _ alternative: Certificate? = nil,
        _ verification: ClientVerification? = nil
    ) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let text =
            Array(policy.name.utf8) + [0] + certificate.fingerprint + (alternative?.fingerprint ?? [])
            + (verification?.scope ?? [])
        guard EVP_Digest(text, text.count, &digest, &count, EVP_sha256(), nil) == 1 else { return [] }
        return Array(digest.prefix(Int(count)))
    }
}
