// Responses of etcd's JSON gateway (API v3): byte strings in base64, 64-bit numbers as strings, fields that are
// zero left out.

struct EtcdHeader: Decodable, Sendable {
    let cluster_id: String?
    let revision: GatewayNumber?
}

struct EtcdRangeResponse: Decodable, Sendable {
    let header: EtcdHeader
    let kvs: [EtcdKeyValue]?
    let more: Bool?
}

/// One transaction inside of a batch; the headers inside may be left out.
struct EtcdTransactionResponse: Decodable, Sendable {
    struct Range: Decodable, Sendable { let kvs: [EtcdKeyValue]? }
    struct Response: Decodable, Sendable { let response_range: Range? }

    let succeeded: Bool?
    let responses: [Response]?
}

/// A transaction of transactions.
struct EtcdBatchResponse: Decodable, Sendable {
    struct Response: Decodable, Sendable { let response_txn: EtcdTransactionResponse? }

    let responses: [Response]?
}

struct EtcdDeleteResponse: Decodable, Sendable {
    let deleted: GatewayNumber?
}

struct EtcdLeaseResponse: Decodable, Sendable {
    let ID: GatewayNumber?
    /// Seconds; left out or below one: there is no such lease.
    let TTL: GatewayNumber?
    let grantedTTL: GatewayNumber?
}

/// One message of a stream.
struct EtcdStreamed<Result: Decodable & Sendable>: Decodable, Sendable {
    let result: Result?
    let error: EtcdErrorResponse?
}

struct EtcdTokenResponse: Decodable, Sendable {
    let token: String
}

struct EtcdWatchResponse: Decodable, Sendable {
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
