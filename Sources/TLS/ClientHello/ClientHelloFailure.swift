/// Why the first bytes of a connection are not a ClientHello.
package enum ClientHelloFailure: Error, Hashable, Sendable {
    /// The bytes are a request of HTTP without TLS.
    case plainHTTP
    /// The bytes are the connection preface of HTTP/2 without TLS.
    case plainHTTP2
    /// The bytes are something else without TLS: the first record is not of a handshake.
    case notTLS
    /// The client's hello has the form of SSL 2, or its record is of a version before SSL 3.
    case oldVersion
    /// A record that a hello cannot have: empty, or of another type within the hello.
    case badRecord
    /// A record that is longer than 16 KiB.
    case recordOverflow
    /// The first message of the handshake is another one.
    case notHello(type: UInt8)
    /// The hello is longer than `ClientHelloReader.maxHello`, or than `maxBytes` with its records.
    case tooLong
    /// A length within the hello does not fit.
    case malformed(ClientHelloPart)
    /// An extension that occurs twice (RFC 8446 §4.2).
    case duplicateExtension(UInt16)
    /// The server name is neither a host name nor an address.
    case badServerName

    /// The alert to send before the connection is closed (RFC 8446 §6.2); nil: the peer does not speak TLS, and
    /// receives none.
    package var alert: UInt8? {
        switch self {
        case .plainHTTP, .plainHTTP2, .notTLS: nil
        case .oldVersion: 70  // protocol_version
        case .badRecord, .notHello: 10  // unexpected_message
        case .recordOverflow: 22  // record_overflow
        case .tooLong, .malformed: 50  // decode_error
        case .duplicateExtension: 47  // illegal_parameter
        case .badServerName: 112  // unrecognized_name
        }
    }

    /// A stable word for logs.
    package var word: String {
        switch self {
        case .plainHTTP: "plain_http"
        case .plainHTTP2: "plain_http2"
        case .notTLS: "not_tls"
        case .oldVersion: "old_version"
        case .badRecord, .recordOverflow: "bad_record"
        case .notHello: "not_hello"
        case .tooLong: "hello_too_long"
        case .malformed: "hello_malformed"
        case .duplicateExtension: "duplicate_extension"
        case .badServerName: "bad_server_name"
        }
    }
}

/// A part of a ClientHello, for messages.
package enum ClientHelloPart: String, Sendable {
    case version, random, session, suites, compression, extensions
    case serverName = "server_name"
    case protocols = "application_layer_protocol_negotiation"
    case versions = "supported_versions"
}

extension ClientHelloFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .plainHTTP: "the client sent HTTP without TLS"
        case .plainHTTP2: "the client sent HTTP/2 without TLS"
        case .notTLS: "the client's first bytes are not TLS"
        case .oldVersion: "the client uses a version of SSL before 3"
        case .badRecord: "the client's hello has an invalid record"
        case .recordOverflow: "the client's hello has a record of more than 16 KiB"
        case .notHello(let type): "the client's first message is of type \(type), not a ClientHello"
        case .tooLong:
            "the client's hello is longer than \(ClientHelloReader.maxHello >> 10) KiB, or in too many records"
        case .malformed(let part): "the client's hello is malformed: \(part.rawValue)"
        case .duplicateExtension(let type): "the client's hello has extension \(type) twice"
        case .badServerName: "the server name is not a host name"
        }
    }
}
