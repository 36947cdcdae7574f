import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOConcurrencyHelpers
import Settings

/// What Berth asks of etcd, by the JSON gateway of its v3 API. One exchange a call, on the member that is
/// named; who calls decides what follows from a failure. Any thread.
final class EtcdClient: Sendable {
    let cluster: EtcdCluster
    let keys: EtcdKeys
    private let http: RegistryHTTPClient
    private let token = NIOLockedValueBox<String?>(nil)

    init(_ cluster: EtcdCluster) throws(RegistryError) {
        guard !cluster.endpoints.isEmpty else { throw RegistryError("etcd: no endpoint") }
        guard !cluster.prefix.isEmpty, cluster.prefix.utf8.count <= EtcdKeys.maxPrefixBytes else {
            throw RegistryError("etcd: a prefix has 1 to \(EtcdKeys.maxPrefixBytes) bytes")
        }
        var secure = false
        for endpoint in cluster.endpoints {
            guard let url = URL(string: endpoint), let scheme = url.scheme, url.host != nil,
                scheme == "http" || scheme == "https"
            else { throw RegistryError("etcd: '\(endpoint)' is not like http://10.0.0.1:2379") }
            secure = secure || scheme == "https"
        }
        self.cluster = cluster
        keys = EtcdKeys(prefix: cluster.prefix)
        let files = TLSFiles(ca: cluster.ca, certificate: cluster.certificate, key: cluster.key)
        http = try RegistryHTTPClient(tls: secure ? files : nil)
    }

    var authenticates: Bool { cluster.user != nil }

    func shutDown() async { await http.shutDown() }

    // MARK: Exchanges

    func authenticate(member: Int) async throws(EtcdFailure) {
        struct Body: Encodable {
            let name: String
            let password: String
        }
        token.withLockedValue { $0 = nil }
        let body = Body(name: cluster.user ?? "", password: try password())
        let answer: EtcdTokenAnswer = try await ask("/v3/auth/authenticate", body, member)
        // It becomes a header field's value.
        guard !answer.token.isEmpty, answer.token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .malformed("a token that is none")
        }
        token.withLockedValue { $0 = answer.token }
    }

    /// The file's text, without a line end at its end.
    private func password() throws(EtcdFailure) -> String {
        guard let path = cluster.passwordFile else { return "" }
        do {
            var text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            if text.utf8.last == UInt8(ascii: "\n") { text.unicodeScalars.removeLast() }
            if text.utf8.last == UInt8(ascii: "\r") { text.unicodeScalars.removeLast() }
            return text
        } catch {
            throw .refused("the password file \(path) can't be read")
        }
    }

    var hasToken: Bool { token.withLockedValue { $0 != nil } }

    func list(_ request: EtcdWatchMachine.PageRequest, member: Int) async throws(EtcdFailure) -> EtcdPage {
        try EtcdPage(try await rawList(request, member: member))
    }

    func rawList(
        _ request: EtcdWatchMachine.PageRequest,
        member: Int
    ) async throws(EtcdFailure) -> EtcdRangeAnswer {
        let body = RangeBody(
            key: base64(request.from ?? Array(cluster.prefix.utf8)),
            range_end: base64(keys.end),
            limit: String(request.limit),
            revision: request.revision.map { String($0) },
            keys_only: request.keysOnly
        )
        return try await ask("/v3/kv/range", body, member)
    }

    /// Reads one key, or none, through the quorum.
    func read(_ key: [UInt8], member: Int) async throws(EtcdFailure) -> EtcdRangeAnswer {
        try await ask("/v3/kv/range", RangeBody(key: base64(key)), member)
    }

    /// Watches the prefix until the stream ends or breaks.
    func watch(
        from revision: Int64,
        member: Int,
        _ take: (EtcdFrame) async -> Void
    ) async -> EtcdFailure {
        struct Create: Encodable {
            let key: String
            let range_end: String
            let start_revision: String
            let progress_notify = true
            let fragment = true
        }
        struct Body: Encodable { let create_request: Create }
        do {
            let create = Create(
                key: base64(Array(cluster.prefix.utf8)),
                range_end: base64(keys.end),
                start_revision: String(revision)
            )
            let answer = try await http.lines(try request("/v3/watch", Body(create_request: create), member))
            {
                line in
                let message: EtcdStreamed<EtcdWatchAnswer> = try Self.decode(line)
                if let error = message.error { throw error.failure }
                guard let result = message.result else {
                    throw EtcdFailure.malformed("a message without result")
                }
                await take(EtcdFrame(result))
            }
            return answer.status == 200 ? .connection("the watch ended") : Self.failure(answer)
        } catch {
            return Self.failure(error)
        }
    }

    func ask<Answer: Decodable>(
        _ path: String,
        _ body: some Encodable,
        _ member: Int
    ) async throws(EtcdFailure) -> Answer {
        do {
            let answer = try await http.call(try request(path, body, member))
            guard answer.status == 200 else { throw Self.failure(answer) }
            return try Self.decode(answer.body)
        } catch {
            throw Self.failure(error)
        }
    }

    // MARK: Pieces

    struct RangeBody: Encodable {
        let key: String
        var range_end: String?
        var limit: String?
        var revision: String?
        var keys_only: Bool?
    }

    func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    private func request(
        _ path: String,
        _ body: some Encodable,
        _ member: Int
    ) throws(EtcdFailure) -> HTTPClientRequest {
        let endpoints = cluster.endpoints
        guard endpoints.indices.contains(member) else { throw .connection("no such member") }
        let base = endpoints[member]
        var request = HTTPClientRequest(url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let token = token.withLockedValue({ $0 }) {
            request.headers.add(name: "authorization", value: token)
        }
        do {
            request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(body)))
        } catch {
            throw .malformed("a request that can't be written")
        }
        return request
    }

    static func decode<Answer: Decodable>(_ bytes: ByteBuffer) throws(EtcdFailure) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: bytes)
        } catch {
            throw .malformed("\(Answer.self)")
        }
    }

    private static func failure(_ answer: RegistryHTTPClient.Answer) -> EtcdFailure {
        if let error = try? JSONDecoder().decode(EtcdErrorAnswer.self, from: answer.body) {
            return error.failure
        }
        return .malformed("status \(answer.status)")
    }

    private static func failure(_ error: any Error) -> EtcdFailure {
        switch error {
        case let failure as EtcdFailure: failure
        case RegistryHTTPClient.Failure.tooLarge: .tooLarge
        case RegistryHTTPClient.Failure.connection(let reason): .connection(reason)
        default: .connection("\(error)")
        }
    }
}
