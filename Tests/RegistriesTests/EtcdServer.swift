import Foundation
import Testing

/// A member of etcd that a test starts on ports of the system's choice, and stops by its process.
final class EtcdServer: @unchecked Sendable {
    // `process` is changed by the one task that runs the test.
    static let isThere = FileManager.default.isExecutableFile(atPath: "/usr/bin/etcd")

    let name: String
    let url: String
    let peer: String
    let folder: URL
    private let arguments: [String]
    private var process: Process

    private init(name: String, url: String, peer: String, folder: URL, arguments: [String]) throws {
        (self.name, self.url, self.peer, self.folder) = (name, url, peer, folder)
        self.arguments = arguments
        process = try Self.run(arguments)
    }

    /// One member with a store of its own.
    static func start(extra: [String] = [], scheme: String = "http") async throws -> EtcdServer {
        let ports = try freePorts(2)
        let server = try make("m0", ports[0], ports[1], "m0=http://127.0.0.1:\(ports[1])", extra, scheme)
        if scheme == "http" { try await server.waitUntilReady() }
        return server
    }

    /// Three members of one cluster.
    static func startThree() async throws -> [EtcdServer] {
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

    func waitUntilReady() async throws {
        try await until("etcd to be ready") {
            let answer = try? self.ask("/v3/kv/range", ["key": Data("x".utf8).base64EncodedString()])
            return answer?["header"] != nil
        }
    }

    /// At once, as a power failure would.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Stops it without its connections noticing.
    func freeze() { Foundation.kill(process.processIdentifier, SIGSTOP) }
    func thaw() { Foundation.kill(process.processIdentifier, SIGCONT) }

    /// The same member again.
    ///
    /// - Parameter open: it answers without a token.
    func restart(open: Bool = true) async throws {
        process = try Self.run(arguments)
        if open { try await waitUntilReady() }
    }

    func stop() {
        thaw()
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    deinit { stop() }

    // MARK: What an operator does

    func put(_ key: String, _ value: String, lease: String? = nil, token: String? = nil) throws {
        var body = ["key": base64(key), "value": base64(value)]
        if let lease { body["lease"] = lease }
        try expectHeader(ask("/v3/kv/put", body, token: token))
    }

    func delete(_ key: String) throws { try expectHeader(ask("/v3/kv/deleterange", ["key": base64(key)])) }

    func get(_ key: String) throws -> String? {
        let answer = try ask("/v3/kv/range", ["key": base64(key)])
        let first = (answer["kvs"] as? [[String: Any]])?.first
        return (first?["value"] as? String).flatMap { Data(base64Encoded: $0) }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// The store's revision.
    func revision() throws -> String {
        let header = try ask("/v3/kv/range", ["key": base64("x")])["header"] as? [String: Any]
        return try #require(header?["revision"] as? String)
    }

    func compact() throws {
        try expectHeader(ask("/v3/kv/compaction", ["revision": revision(), "physical": true]))
    }

    func grant(_ seconds: Int) throws -> String {
        try #require(try ask("/v3/lease/grant", ["TTL": "\(seconds)"])["ID"] as? String)
    }

    @discardableResult
    func ask(_ path: String, _ body: [String: Any], token: String? = nil) throws -> [String: Any] {
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
        // Nothing, or half of something, came from a member that is not there.
        return (try? JSONSerialization.jsonObject(with: answer)) as? [String: Any] ?? [:]
    }

    private func expectHeader(_ answer: [String: Any]) throws {
        #expect(answer["header"] != nil, "\(answer)")
    }

    private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}

/// Ports that nobody listens on now.
func freePorts(_ count: Int) throws -> [Int] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    return try (0..<count).map { _ in
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        sockets.append(descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Bool in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(port)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

struct NotInTime: Error, CustomStringConvertible {
    let description: String
}

/// Polls until the condition holds; a bound, not a measure.
func until(
    _ what: String,
    within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NotInTime(description: "waited \(limit) for \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
