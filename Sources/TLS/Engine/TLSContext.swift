import COpenSSL

/// What the connections of one policy share: OpenSSL's settings, and the keys of session tickets.
///
/// `@unchecked Sendable`: never changed after `init`; OpenSSL counts its references atomically, and the keys are locked.
package final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer
    let policy: TLSPolicy
    private let tickets = TicketKeys()
    /// Those that are offered by ALPN, the best first.
    private let protocols: [[UInt8]]

    /// - Parameter protocols: those that are offered by ALPN, the best first.
    /// - Throws: `TLSFailure` where the library refuses a setting, or is out of memory.
    package init(
        _ policy: TLSPolicy = .anyClient,
        protocols: [String] = TLSPolicy.http1Protocols
    ) throws(TLSFailure) {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw .last() }
        self.pointer = pointer
        self.policy = policy
        self.protocols = protocols.map { Array($0.utf8) }
        guard berth_ctx_set_versions(pointer, TLS1_2_VERSION, TLS1_3_VERSION) == 1,
            SSL_CTX_set_cipher_list(pointer, TLSPolicy.ciphers) == 1,
            SSL_CTX_set_ciphersuites(pointer, TLSPolicy.suites) == 1,
            berth_ctx_set_groups(pointer, TLSPolicy.newGroups) == 1
                || berth_ctx_set_groups(pointer, TLSPolicy.groups) == 1
        else { throw .last() }
        ERR_clear_error()
        berth_ctx_set_options(pointer)
        SSL_CTX_set_security_level(pointer, Self.securityLevel)
        _ = berth_ctx_set_mode(
            pointer,
            // A connection that idles holds no buffers.
            Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
        )
        // Tickets alone: they cost no memory here.
        berth_ctx_disable_session_cache(pointer)
        berth_ctx_accept_server_names(pointer)
        SSL_CTX_set_timeout(pointer, TLSPolicy.sessionTime)
        // A client gets one with each connection of TLS 1.3. A second one would be a twentieth of a handshake's time.
        SSL_CTX_set_num_tickets(pointer, 1)
        SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
        SSL_CTX_set_alpn_select_cb(
            pointer,
            { ssl, chosen, chosenCount, offered, count, _ in
                guard let chosen, let chosenCount, let offered, let context = TLSContext.of(ssl),
                    let choice = context.chooseProtocol(
                        UnsafeBufferPointer(start: offered, count: Int(count))
                    )
                else { return SSL_TLSEXT_ERR_ALERT_FATAL }
                // It points into what the client offers, which lives as long as the call.
                chosen.pointee = offered + choice.lowerBound
                chosenCount.pointee = UInt8(truncatingIfNeeded: choice.count)
                return SSL_TLSEXT_ERR_OK
            },
            nil
        )
        // Not retained: it lives as long as the context does, which each `TLSStream` keeps.
        SSL_CTX_set_ex_data(pointer, 0, Unmanaged.passUnretained(self).toOpaque())
        SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer) { ssl, name, iv, cipher, mac, encrypts in
            guard let name, let iv, let cipher, let mac, let context = TLSContext.of(ssl) else { return -1 }
            return context.tickets.protect(
                name: name,
                iv: iv,
                cipher,
                mac,
                encrypts: encrypts != 0,
                renews: SSL_version(ssl) == TLS1_3_VERSION
            )
        }
    }

    /// Which made the connection.
    private static func of(_ ssl: OpaquePointer?) -> TLSContext? {
        guard let ssl, let pointer = SSL_get_SSL_CTX(ssl), let context = SSL_CTX_get_ex_data(pointer, 0)
        else {
            return nil
        }
        return Unmanaged<TLSContext>.fromOpaque(context).takeUnretainedValue()
    }

    deinit { SSL_CTX_free(pointer) }

    /// Keys and signatures of 112 bits of security: RSA of 2048 bits, SHA-256.
    static let securityLevel: Int32 = 2

    // MARK: ALPN

    /// A client that offers protocols and none of ours is refused (RFC 7301 §3.2).
    ///
    /// - Parameter offered: each with its length before it.
    /// - Returns: where the name of the chosen one is; nil: there is none.
    func chooseProtocol(_ offered: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        for wanted in protocols {
            var index = 0
            while index < offered.count {
                let name = (index + 1)..<(index + 1 + Int(offered[index]))
                guard name.upperBound <= offered.count else { return nil }
                if offered[name].elementsEqual(wanted) { return name }
                index = name.upperBound
            }
        }
        return nil
    }
}
