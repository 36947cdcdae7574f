extension EtcdClient {
    /// - Parameter ttl: seconds; the server may grant more.
    package func grant(ttl: Int64, member: Int) async throws(EtcdFailure) -> (lease: Int64, ttl: Int64) {
        let response: EtcdLeaseResponse = try await send("/v3/lease/grant", ["TTL": String(ttl)], member)
        guard let lease = response.ID?.value, lease != 0 else { throw .malformed("a lease without an ID") }
        return (lease, min(response.TTL?.value ?? ttl, 1 << 31))
    }

    /// - Returns: the lease's new life, seconds; 0: there is no such lease.
    package func keepAlive(lease: Int64, member: Int) async throws(EtcdFailure) -> Int64 {
        let response: EtcdStreamed<EtcdLeaseResponse> =
            try await send("/v3/lease/keepalive", ["ID": String(lease)], member)
        if let error = response.error { throw error.failure }
        return min(response.result?.TTL?.value ?? 0, 1 << 31)
    }

    /// - Returns: the remaining seconds (0 or less: there is no such lease), and the granted ones.
    package func timeToLive(
        lease: Int64,
        member: Int
    ) async throws(EtcdFailure) -> (remaining: Int64, granted: Int64) {
        let response: EtcdLeaseResponse =
            try await send("/v3/lease/timetolive", ["ID": String(lease)], member)
        return (response.TTL?.value ?? 0, response.grantedTTL?.value ?? 0)
    }

    /// Ends a lease, and with it its entries. A lease that does not exist is not an error.
    package func revoke(lease: Int64, member: Int) async throws(EtcdFailure) {
        struct Response: Decodable {}
        do {
            let _: Response = try await send("/v3/lease/revoke", ["ID": String(lease)], member)
        } catch {
            if error != .leaseGone { throw error }
        }
    }
}
