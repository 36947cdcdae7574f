import Foundation

// Single entries and their leases: registration, and the command that changes names.
extension EtcdClient {
    struct Put: Sendable {
        var key: [UInt8]
        var value: String
        /// 0: without one.
        var lease: Int64 = 0
        /// Only over the entry of this revision; 0: only where there is none; nil: whatever is there.
        var onlyOver: Int64?
    }

    /// Puts an entry, if its condition holds.
    ///
    /// - Returns: nil when it was put, otherwise the entry that is there.
    func put(_ put: Put, member: Int) async throws(EtcdFailure) -> EtcdKeyValue? {
        struct Compare: Encodable {
            let key: String
            let target: String
            var result = "EQUAL"
            var create_revision: String?
            var mod_revision: String?
        }
        struct PutBody: Encodable {
            let key: String
            let value: String
            let lease: String?
        }
        struct Success: Encodable { let request_put: PutBody }
        struct Otherwise: Encodable { let request_range: RangeBody }
        struct Body: Encodable {
            let compare: [Compare]
            let success: [Success]
            let failure: [Otherwise]
        }
        let key = base64(put.key)
        let compare: [Compare] =
            switch put.onlyOver {
            case nil: []
            case 0: [Compare(key: key, target: "CREATE", create_revision: "0")]
            case let revision?: [Compare(key: key, target: "MOD", mod_revision: String(revision))]
            }
        let body = Body(
            compare: compare,
            success: [
                Success(
                    request_put: PutBody(
                        key: key,
                        value: base64(Array(put.value.utf8)),
                        lease: put.lease == 0 ? nil : String(put.lease)
                    )
                )
            ],
            failure: [Otherwise(request_range: RangeBody(key: key))]
        )
        let answer: EtcdTxnAnswer = try await ask("/v3/kv/txn", body, member)
        if answer.succeeded ?? false { return nil }
        if let there = answer.responses?.first?.response_range?.kvs?.first { return there }
        // It went away while we looked.
        throw .refused("the entry changed meanwhile")
    }

    /// - Returns: whether there was one.
    func delete(_ key: [UInt8], member: Int) async throws(EtcdFailure) -> Bool {
        let answer: EtcdDeleteAnswer = try await ask(
            "/v3/kv/deleterange",
            RangeBody(key: base64(key)),
            member
        )
        return (answer.deleted?.value ?? 0) > 0
    }

    /// - Parameter ttl: seconds; the server may grant more.
    func grant(ttl: Int64, member: Int) async throws(EtcdFailure) -> (lease: Int64, ttl: Int64) {
        let answer: EtcdLeaseAnswer = try await ask("/v3/lease/grant", ["TTL": String(ttl)], member)
        guard let lease = answer.ID?.value, lease != 0 else { throw .malformed("a lease without a number") }
        return (lease, min(answer.TTL?.value ?? ttl, 1 << 31))
    }

    /// - Returns: the seconds it now lives; 0: there is no such lease.
    func keepAlive(lease: Int64, member: Int) async throws(EtcdFailure) -> Int64 {
        let answer: EtcdStreamed<EtcdLeaseAnswer> = try await ask(
            "/v3/lease/keepalive",
            ["ID": String(lease)],
            member
        )
        if let error = answer.error { throw error.failure }
        return min(answer.result?.TTL?.value ?? 0, 1 << 31)
    }

    /// - Returns: seconds that are left (0 or less: there is no such lease), and that were granted.
    func timeToLive(lease: Int64, member: Int) async throws(EtcdFailure) -> (left: Int64, granted: Int64) {
        let answer: EtcdLeaseAnswer = try await ask("/v3/lease/timetolive", ["ID": String(lease)], member)
        return (answer.TTL?.value ?? 0, answer.grantedTTL?.value ?? 0)
    }

    /// Ends a lease, and with it its entries. One that is gone is no error.
    func revoke(lease: Int64, member: Int) async throws(EtcdFailure) {
        struct Answer: Decodable {}
        do {
            let _: Answer = try await ask("/v3/lease/revoke", ["ID": String(lease)], member)
        } catch {
            if error != .leaseGone { throw error }
        }
    }
}
