import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore
package import RegistryClient
package import Settings

/// A client of etcd's v3 API over its JSON gateway. Each call is one request to the given member; the caller
/// decides what follows a failure. Any thread.
package final class EtcdClient: Sendable {
    package let cluster: EtcdCluster
    package let keys: EtcdKeys
    let http: RegistryHTTPClient
    private let token = NIOLockedValueBox<String?>(nil)

    /// - Throws: `RegistryError` when the settings are not valid or a file of the TLS cannot be read.
    package init(_ cluster: EtcdCluster) throws(RegistryError) {
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

    package var members: Int { cluster.endpoints.count }
    /// Whether requests need a token.
    package var authenticates: Bool { cluster.user != nil }
    var hasToken: Bool { token.withLockedValue { $0 != nil } }

    package func shutDown() async { await http.shutDown() }

    // MARK: Authentication

    /// Requests a token, which later requests carry.
    package func authenticate(member: Int) async throws(EtcdFailure) {
        struct Body: Encodable {
            let name: String
            let password: String
        }
        token.withLockedValue { $0 = nil }
        let body = Body(name: cluster.user ?? "", password: try password())
        let response: EtcdTokenResponse = try await send("/v3/auth/authenticate", body, member)
        // It becomes the value of a header field.
        guard !response.token.isEmpty, response.token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .malformed("an invalid token")
        }
        token.withLockedValue { $0 = response.token }
    }

    /// The file's text without a line end at its end.
    private func password() throws(EtcdFailure) -> String {
        guard let path = cluster.passwordFile else { return "" }
        do {
            var text = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            if text.utf8.last == UInt8(ascii: "\n") { text.unicodeScalars.removeLast() }
            if text.utf8.last == UInt8(ascii: "\r") { text.unicodeScalars.removeLast() }
            return text
        } catch {
            throw .refused("cannot read the password file \(path)")
        }
    }

    // MARK: Requests

    func send<Response: Decodable>(
        _ path: String,
        _ body: some Encodable,
        _ member: Int
    ) async throws(EtcdFailure) -> Response {
        do {
            let response = try await http.send(try request(path, body, member))
            guard response.status == 200 else { throw Self.failure(response) }
            return try Self.decode(response.body)
        } catch {
            throw Self.failure(error)
        }
    }

    func request(
        _ path: String,
        _ body: some Encodable,
        _ member: Int
    ) throws(EtcdFailure) -> RegistryRequest {
        let endpoints = cluster.endpoints
        guard endpoints.indices.contains(member) else { throw .connection("no such member") }
        let base = endpoints[member]
        var request = RegistryRequest(.post, (base.hasSuffix("/") ? String(base.dropLast()) : base) + path)
        if let token = token.withLockedValue({ $0 }) { request.fields.append(("authorization", token)) }
        do { try request.encode(body) } catch { throw .malformed("a request that cannot be encoded") }
        return request
    }

    static func decode<Response: Decodable>(_ bytes: ByteBuffer) throws(EtcdFailure) -> Response {
        do { return try bytes.decoded(as: Response.self) } catch { throw .malformed("\(Response.self)") }
    }

    static func failure(_ response: RegistryResponse) -> EtcdFailure {
        if let error = try? response.body.decoded(as: EtcdErrorResponse.self) { return error.failure }
        return .malformed("status \(response.status)")
    }

    static func failure(_ error: any Error) -> EtcdFailure {
        switch error {
        case let failure as EtcdFailure: failure
        case RegistryHTTPClient.Failure.tooLarge: .tooLarge
        case RegistryHTTPClient.Failure.connection(let reason): .connection(reason)
        default: .connection("the connection failed")
        }
    }
}
