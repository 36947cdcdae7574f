import Foundation

// What etcd's JSON gateway answers (API v3): byte strings in base64, 64-bit numbers as strings, and
// whatever is zero left out.

/// A 64-bit number, written as a string or as a number.
struct GatewayNumber: Decodable, Sendable {
    let value: Int64

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if let text = try? single.decode(String.self) {
            guard let value = Int64(text) else {
                throw DecodingError.dataCorruptedError(in: single, debugDescription: "not a number")
            }
            self.value = value
        } else {
            value = try single.decode(Int64.self)
        }
    }
}

struct EtcdHeader: Decodable, Sendable {
    let cluster_id: String?
    let revision: GatewayNumber?
}

/// An entry as etcd holds it.
struct EtcdKeyValue: Decodable, Sendable {
    let key: Data
    let value: Data?
    let mod_revision: GatewayNumber?
    let lease: GatewayNumber?
}

struct EtcdRangeAnswer: Decodable, Sendable {
    let header: EtcdHeader
    let kvs: [EtcdKeyValue]?
    let more: Bool?
}

struct EtcdTxnAnswer: Decodable, Sendable {
    struct Response: Decodable, Sendable {
        let response_range: EtcdRangeAnswer?
    }

    let header: EtcdHeader
    let succeeded: Bool?
    let responses: [Response]?
}

struct EtcdDeleteAnswer: Decodable, Sendable {
    let deleted: GatewayNumber?
}

struct EtcdLeaseAnswer: Decodable, Sendable {
    let ID: GatewayNumber?
    /// Seconds; left out or below one: there is no such lease.
    let TTL: GatewayNumber?
    let grantedTTL: GatewayNumber?
}

/// One message of a stream.
struct EtcdStreamed<Result: Decodable & Sendable>: Decodable, Sendable {
    let result: Result?
    let error: EtcdErrorAnswer?
}

struct EtcdTokenAnswer: Decodable, Sendable {
    let token: String
}

struct EtcdWatchAnswer: Decodable, Sendable {
    struct Event: Decodable, Sendable {
        /// `DELETE`; left out: `PUT`.
        let type: String?
        let kv: EtcdKeyValue
    }

    let header: EtcdHeader
    let created: Bool?
    let canceled: Bool?
    let cancel_reason: String?
    let compact_revision: GatewayNumber?
    /// More of the same revision follows.
    let fragment: Bool?
    let events: [Event]?
}

/// An error, in any of the shapes that the gateway's versions have.
struct EtcdErrorAnswer: Decodable, Sendable {
    /// gRPC's status code; 2 (unknown) when there is none.
    let code: Int
    let message: String

    private enum Key: String, CodingKey { case code, grpc_code, message, error }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            (code, message) = (2, text)
            return
        }
        let object = try decoder.container(keyedBy: Key.self)
        let code = try? object.decode(Int.self, forKey: .code)
        let grpc = try? object.decode(Int.self, forKey: .grpc_code)
        let message = try? object.decode(String.self, forKey: .message)
        let error = try? object.decode(String.self, forKey: .error)
        self.code = code ?? grpc ?? 2
        self.message = message ?? error ?? "an error without words"
    }

    var failure: EtcdFailure {
        // gRPC: 16 unauthenticated, 11 out of range. Older members answer a missing or strange token with
        // 3 (invalid argument) and these words: etcd has no other sign of it.
        if code == 16 || (code == 3 && message.contains("user name is empty")) {
            return .unauthenticated(message)
        }
        if code == 11, message.contains("compacted") { return .compacted }
        if code == 5, message.contains("lease") { return .leaseGone }
        return .refused(message)
    }
}

/// Why an exchange with a member failed.
package enum EtcdFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member can't be reached, or the connection broke.
    case connection(String)
    /// No answer within its time.
    case timeout
    /// The token is unknown or too old, or there is none.
    case unauthenticated(String)
    /// The revision that was asked for is not kept any more.
    case compacted
    /// An answer, or one message of a stream, is larger than its bound.
    case tooLarge
    /// Not what etcd answers.
    case malformed(String)
    /// There is no such lease, or not any more.
    case leaseGone
    /// etcd refuses, in its own words.
    case refused(String)

    package var description: String {
        switch self {
        case .connection(let reason): reason
        case .timeout: "no answer in time"
        case .unauthenticated(let reason): "not authenticated: \(reason)"
        case .compacted: "the revision was compacted"
        case .tooLarge: "an answer is too large"
        case .malformed(let reason): "not an answer of etcd: \(reason)"
        case .leaseGone: "the lease is gone"
        case .refused(let reason): "refused: \(reason)"
        }
    }
}
