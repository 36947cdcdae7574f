// Bodies of requests to etcd's JSON gateway (API v3).

struct EtcdRangeRequest: Encodable {
    let key: String
    var range_end: String?
    var limit: String?
    var revision: String?
    var keys_only: Bool?
}

struct EtcdWatchRequest: Encodable {
    struct Create: Encodable {
        let key: String
        let range_end: String
        let start_revision: String
        let progress_notify = true
        let fragment = true
    }

    let create_request: Create

    init(key: String, end: String, from revision: Int64) {
        create_request = Create(key: key, range_end: end, start_revision: String(revision))
    }
}

struct EtcdTransaction: Encodable {
    let compare: [EtcdCompare]
    let success: [EtcdOperation]
    let failure: [EtcdOperation]
}

struct EtcdCompare: Encodable {
    let key: String
    let target: String
    var result = "EQUAL"
    var create_revision: String?
    var mod_revision: String?
    var lease: String?

    static func condition(_ condition: EtcdPut.Condition, key: String) -> [EtcdCompare] {
        switch condition {
        case .none: []
        case .absent: [EtcdCompare(key: key, target: "CREATE", create_revision: "0")]
        case .revision(let revision): [EtcdCompare(key: key, target: "MOD", mod_revision: String(revision))]
        case .lease(let lease): [EtcdCompare(key: key, target: "LEASE", lease: String(lease))]
        }
    }
}

struct EtcdOperation: Encodable {
    struct Put: Encodable {
        let key: String
        let value: String
        let lease: String?
    }

    var request_put: Put?
    var request_range: EtcdRangeRequest?
    var request_delete_range: EtcdRangeRequest?
    var request_txn: EtcdTransaction?
}
