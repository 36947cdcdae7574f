package import Foundation

/// A member of etcd on ports of the system's choice, started and stopped by a test.
package final class EtcdServer: @unchecked Sendable {
    // `process` is changed by the one task that runs the test.
    package static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/etcd")

    package let name: String
    package let url: String
    package let peer: String
    package let folder: URL
    private let arguments: [String]
    private var process: Process

    private init(name: String, url: String, peer: String, folder: URL, arguments: [String]) throws {
        (self.name, self.url, self.peer, self.folder) = (name, url, peer, folder)
        self.arguments = arguments
        process = try Self.run(arguments)
    }

    /// One member with a store of its own.
    package static func start(extra: [String] = [], scheme: String = "http") async throws -> EtcdServer {
        let ports = try freePorts(2)
        let server = try make("m0", ports[0], ports[1], "m0=http://127.0.0.1:\(ports[1])", extra, scheme)
        if scheme == "http" { try await server.waitUntilReady() }
        return server
    }

    /// Three members of one cluster.
    package static func startThree() async throws -> [EtcdServer] {
        let ports = try freePorts(6)
        let cluster = (0..<3).map { "m\($0)=http://127.0.0.1:\(ports[$0 * 2 + 1])" }.joined(separator: ",")
        let servers = try (0..<3).map {
            try make("m\($0)", ports[$0 * 2], ports[$0 * 2 + 1], cluster, [], "http")
        }
        for server in servers { try await server.waitUntilReady() }
        return servers
    }

    private static func make(
        _ name: String,
        _ port: Int,
        _ peerPort: Int,
        _ cluster: String,
        _ extra: [String],
        _ scheme: String
    ) throws -> EtcdServer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-etcd-\(UUID().uuidString)")
        let url = "\(scheme)://127.0.0.1:\(port)"
        let peer = "http://127.0.0.1:\(peerPort)"
        return try EtcdServer(
            name: name,
            url: url,
            peer: peer,
            folder: folder,
            arguments: [
                "--name", name, "--data-dir", folder.path, "--listen-client-urls", url,
                "--advertise-client-urls", url, "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster,
                "--heartbeat-interval", "50", "--election-timeout", "500",
            ] + extra
        )
    }

    private static func run(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/etcd")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    package func waitUntilReady() async throws {
        try await until("etcd to be ready") {
            let answer = try? self.send("/v3/kv/range", ["key": Data("x".utf8).base64EncodedString()])
            return answer?["header"] != nil
        }
    }

    /// At once, as a power failure would.
    package func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Stops it without its connections noticing.
    package func freeze() { Foundation.kill(process.processIdentifier, SIGSTOP) }
    package func thaw() { Foundation.kill(process.processIdentifier, SIGCONT) }

    /// The same member again.
    ///
    /// - Parameter open: it responds without a token.
    package func restart(open: Bool = true) async throws {
        process = try Self.run(arguments)
        if open { try await waitUntilReady() }
    }

    package func stop() {
        thaw()
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    deinit { stop() }

    // MARK: Operators

    package func put(_ key: String, _ value: String, lease: String? = nil, token: String? = nil) throws {
        var body = ["key": base64(key), "value": base64(value)]
        if let lease { body["lease"] = lease }
        try expectHeader(send("/v3/kv/put", body, token: token))
    }

    package func delete(_ key: String) throws {
        try expectHeader(send("/v3/kv/deleterange", ["key": base64(key)]))
    }

    package func get(_ key: String) throws -> String? {
        let answer = try send("/v3/kv/range", ["key": base64(key)])
        let first = (answer["kvs"] as? [[String: Any]])?.first
        return (first?["value"] as? String).flatMap { Data(base64Encoded: $0) }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// The store's revision.
    package func revision() throws -> String {
        let header = try send("/v3/kv/range", ["key": base64("x")])["header"] as? [String: Any]
        return try Self.require(header?["revision"] as? String)
    }

    package func compact() throws {
        try expectHeader(send("/v3/kv/compaction", ["revision": revision(), "physical": true]))
    }

    package func grant(_ seconds: Int) throws -> String {
        try Self.require(try send("/v3/lease/grant", ["TTL": "\(seconds)"])["ID"] as? String)
    }

    @discardableResult
    package func send(_ path: String, _ body: [String: Any], token: String? = nil) throws -> [String: Any] {
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        let data = try JSONSerialization.data(withJSONObject: body)
        var arguments = ["--silent", "--max-time", "5", "--data-binary", "@-", url + path]
        if let token { arguments += ["--header", "authorization: \(token)"] }
        curl.arguments = arguments
        let (input, output) = (Pipe(), Pipe())
        (curl.standardInput, curl.standardOutput) = (input, output)
        try curl.run()
        try input.fileHandleForWriting.write(contentsOf: data)
        try input.fileHandleForWriting.close()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        curl.waitUntilExit()
        // A member that is not running sends nothing, or a part of a response.
        return (try? JSONSerialization.jsonObject(with: answer)) as? [String: Any] ?? [:]
    }

    private func expectHeader(_ response: [String: Any]) throws {
        guard response["header"] != nil else { throw NotInTime(description: "etcd responded \(response)") }
    }

    private static func require(_ text: String?) throws -> String {
        guard let text else { throw NotInTime(description: "a response of etcd lacks a field") }
        return text
    }

    private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
