/// Which versions, ciphers and groups a server agrees to: Mozilla's intermediate recommendation, version 5.7
/// (https://wiki.mozilla.org/Security/Server_Side_TLS), without its three suites of finite-field Diffie-Hellman: each
/// client that has them has those of elliptic curves, and the former let a client make the server compute.
///
/// The client's order of suites counts, as Mozilla recommends: it knows whether its processor has AES.
package struct TLSPolicy: Sendable, Hashable {
    /// Suites of TLS 1.2, in OpenSSL's names.
    package static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    /// Suites of TLS 1.3.
    package static let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    /// Groups of the key exchange, where the library has all of them: OpenSSL 3.5.
    package static let newGroups = "X25519MLKEM768:X25519:P-256:P-384"
    package static let groups = "X25519:P-256:P-384"
    /// The protocols that are offered by ALPN (RFC 7301), the best first.
    package static let protocols = ["h2", "http/1.1", "http/1.0"]
    /// … without HTTP/2.
    package static let http1Protocols = ["http/1.1", "http/1.0"]
    /// How long a session may be resumed, seconds: a day, as Mozilla recommends. Its ticket's key is gone after two of
    /// `TicketKeys.lifetime`.
    package static let sessionTime = 86_400

    /// Sessions of one policy never resume on a connection of another one.
    package var name: String

    /// Any client.
    package static let anyClient = TLSPolicy(name: "any client")
}
