import FoundationEssentials
import RegistryClient

// Keys: read, listed, watched, put and deleted.
extension EtcdClient {
    // MARK: Reading

    /// Lists the prefix, one page a call.
    package func list(_ request: EtcdPageRequest, member: Int) async throws(EtcdFailure) -> EtcdPage {
        try EtcdPage(try await range(request, member: member))
    }

    func range(_ request: EtcdPageRequest, member: Int) async throws(EtcdFailure) -> EtcdRangeResponse {
        let body = EtcdRangeRequest(
            key: base64(request.from ?? Array(keys.prefix.utf8)),
            range_end: base64(keys.end),
            limit: String(request.limit),
            revision: request.revision.map { String($0) },
            keys_only: request.keysOnly
        )
        return try await send("/v3/kv/range", body, member)
    }

    func read(_ key: [UInt8], member: Int) async throws(EtcdFailure) -> EtcdKeyValue? {
        let response: EtcdRangeResponse =
            try await send("/v3/kv/range", EtcdRangeRequest(key: base64(key)), member)
        return response.kvs?.first
    }

    /// The store and its revision, read through the quorum.
    package func storeRevision(member: Int) async throws(EtcdFailure) -> (cluster: String, revision: Int64) {
        let body = EtcdRangeRequest(key: base64(Array(keys.prefix.utf8)))
        let response: EtcdRangeResponse = try await send("/v3/kv/range", body, member)
        return (response.header.cluster_id ?? "", response.header.revision?.value ?? 0)
    }

    /// Watches the prefix until the stream ends or breaks.
    ///
    /// - Parameter receive: called for each message; the next one is read when it has returned.
    /// - Returns: why the watch ended.
    package func watch(
        from revision: Int64,
        member: Int,
        _ receive: (EtcdFrame) async -> Void
    ) async -> EtcdFailure {
        do {
            let body = EtcdWatchRequest(
                key: base64(Array(keys.prefix.utf8)),
                end: base64(keys.end),
                from: revision
            )
            let response = try await http.lines(try request("/v3/watch", body, member)) { line in
                let message: EtcdStreamed<EtcdWatchResponse> = try Self.decode(line)
                if let error = message.error { throw error.failure }
                guard let result = message.result else {
                    throw EtcdFailure.malformed("a message without result")
                }
                await receive(EtcdFrame(result))
            }
            return response.status == 200 ? .connection("the watch ended") : Self.failure(response)
        } catch {
            return Self.failure(error)
        }
    }

    // MARK: Writing

    /// Puts entries, each under its own condition, in one request.
    ///
    /// - Returns: a result for each of `puts`, in their order.
    package func put(_ puts: [EtcdPut], member: Int) async throws(EtcdFailure) -> [EtcdPutResult] {
        let transactions = puts.map { put in
            let key = base64(put.key)
            let value = EtcdOperation.Put(
                key: key,
                value: base64(Array(put.value.utf8)),
                lease: put.lease == 0 ? nil : String(put.lease)
            )
            return EtcdTransaction(
                compare: EtcdCompare.condition(put.condition, key: key),
                success: [EtcdOperation(request_put: value)],
                failure: [EtcdOperation(request_range: EtcdRangeRequest(key: key))]
            )
        }
        return try await run(transactions, member).map { response in
            if response.succeeded ?? false { return .done }
            return response.responses?.first?.response_range?.kvs?.first.map { .present($0) } ?? .absent
        }
    }

    /// Deletes those of the entries that are under `lease`, in one request.
    package func delete(_ keys: [[UInt8]], lease: Int64, member: Int) async throws(EtcdFailure) {
        let transactions = keys.map { key in
            let key = base64(key)
            return EtcdTransaction(
                compare: [EtcdCompare(key: key, target: "LEASE", lease: String(lease))],
                success: [EtcdOperation(request_delete_range: EtcdRangeRequest(key: key))],
                failure: []
            )
        }
        _ = try await run(transactions, member)
    }

    /// - Returns: whether there was one.
    func delete(_ key: [UInt8], member: Int) async throws(EtcdFailure) -> Bool {
        let response: EtcdDeleteResponse =
            try await send("/v3/kv/deleterange", EtcdRangeRequest(key: base64(key)), member)
        return (response.deleted?.value ?? 0) > 0
    }

    /// Deletes an entry, if it has not changed since a revision.
    ///
    /// - Returns: whether it was deleted.
    func delete(_ key: [UInt8], revision: Int64, member: Int) async throws(EtcdFailure) -> Bool {
        let key = base64(key)
        let transaction = EtcdTransaction(
            compare: EtcdCompare.condition(.revision(revision), key: key),
            success: [EtcdOperation(request_delete_range: EtcdRangeRequest(key: key))],
            failure: []
        )
        return try await run([transaction], member).first?.succeeded ?? false
    }

    /// Each transaction is an operation of one outer transaction.
    private func run(
        _ transactions: [EtcdTransaction],
        _ member: Int
    ) async throws(EtcdFailure) -> [EtcdTransactionResponse] {
        let body = EtcdTransaction(
            compare: [],
            success: transactions.map { EtcdOperation(request_txn: $0) },
            failure: []
        )
        let outer: EtcdBatchResponse = try await send("/v3/kv/txn", body, member)
        let responses = (outer.responses ?? []).map {
            $0.response_txn ?? EtcdTransactionResponse(succeeded: nil, responses: nil)
        }
        guard responses.count == transactions.count else { throw .malformed("a transaction's responses") }
        return responses
    }
}

/// Byte strings of the gateway.
private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
