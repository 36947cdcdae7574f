import Foundation

// Many entries in one exchange: each is a transaction of its own inside of one, with its own condition.
extension EtcdClient {
    /// - Returns: for each of `puts`, whether it was put; otherwise the entry that is there, or nothing where
    ///   it went away meanwhile.
    func putEach(_ puts: [Put], member: Int) async throws(EtcdFailure) -> [(done: Bool, there: EtcdKeyValue?)]
    {
        let operations = puts.map { put -> Operation in
            let key = base64(put.key)
            let compare: Compare =
                if let revision = put.onlyOver, revision != 0 {
                    Compare(key: key, target: "MOD", mod_revision: String(revision))
                } else {
                    Compare(key: key, target: "CREATE", create_revision: "0")
                }
            let body = PutBody(key: key, value: base64(Array(put.value.utf8)), lease: String(put.lease))
            return Operation(
                request_txn: Transaction(
                    compare: [compare],
                    success: [Operation(request_put: body)],
                    failure: [Operation(request_range: RangeBody(key: key))]
                )
            )
        }
        let answers = try await each(operations, member)
        return answers.map { answer in
            (answer.succeeded ?? false, answer.responses?.first?.response_range?.kvs?.first)
        }
    }

    /// Takes entries away, where they are under `lease`.
    func deleteEach(_ keys: [[UInt8]], lease: Int64, member: Int) async throws(EtcdFailure) {
        let operations = keys.map { key in
            let key = base64(key)
            return Operation(
                request_txn: Transaction(
                    compare: [Compare(key: key, target: "LEASE", lease: String(lease))],
                    success: [Operation(request_delete_range: RangeBody(key: key))],
                    failure: []
                )
            )
        }
        _ = try await each(operations, member)
    }

    private func each(_ operations: [Operation], _ member: Int) async throws(EtcdFailure) -> [Answer] {
        let body = Transaction(compare: [], success: operations, failure: [])
        let whole: Whole = try await ask("/v3/kv/txn", body, member)
        let answers = (whole.responses ?? []).map {
            $0.response_txn ?? Answer(succeeded: nil, responses: nil)
        }
        guard answers.count == operations.count else { throw .malformed("a transaction's answers") }
        return answers
    }

    // MARK: What is said

    private struct Compare: Encodable {
        let key: String
        let target: String
        var result = "EQUAL"
        var create_revision: String?
        var mod_revision: String?
        var lease: String?
    }

    private struct PutBody: Encodable {
        let key: String
        let value: String
        let lease: String
    }

    private struct Operation: Encodable {
        var request_put: PutBody?
        var request_range: RangeBody?
        var request_delete_range: RangeBody?
        var request_txn: Transaction?
    }

    private struct Transaction: Encodable {
        let compare: [Compare]
        let success: [Operation]
        let failure: [Operation]
    }

    // MARK: What is answered; the headers inside may be left out

    private struct Whole: Decodable {
        struct Response: Decodable { let response_txn: Answer? }
        let responses: [Response]?
    }

    private struct Answer: Decodable {
        struct Range: Decodable { let kvs: [EtcdKeyValue]? }
        struct Response: Decodable { let response_range: Range? }
        let succeeded: Bool?
        let responses: [Response]?
    }
}
