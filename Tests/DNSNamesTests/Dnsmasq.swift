import Foundation
import Glibc
import Routing

/// A dnsmasq for the length of a test, on a port of the system's choice.
final class Dnsmasq {
    static let isInstalled = FileManager.default.isExecutableFile(atPath: path)
    private static let path = "/usr/sbin/dnsmasq"

    let endpoint: Endpoint
    private let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
    private var process: pid_t = 0
    /// What it says; read at the start alone.
    private let output: Int32

    /// - Parameter options: as in dnsmasq(8); names below `test` are its own.
    init(_ options: [String] = []) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try Self.freePort()
        endpoint = Endpoint(address: IPAddress(v4: 0x7F00_0001), port: port)
        let hosts = folder.appending(path: "hosts")
        try Data().write(to: hosts)
        let arguments =
            [
                Self.path, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                "--pid-file=", "--bind-interfaces", "--listen-address=127.0.0.1", "--port=\(port)",
                "--local=/test/", "--addn-hosts=\(hosts.path)", "--local-ttl=1", "--neg-ttl=1",
                "--user=\(NSUserName())", "--log-facility=-", "--cache-size=0",
            ] + options
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        output = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Threads of a test run block signals, and a child would, too.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let status = posix_spawn(&process, Self.path, &actions, &attributes, &words, environ)
        close(ends[1])
        guard status == 0 else { throw POSIXError(.ENOENT) }
        // Its first words come when it has its sockets.
        var byte: UInt8 = 0
        guard read(output, &byte, 1) == 1 else { throw POSIXError(.ECHILD) }
    }

    deinit {
        stop()
        close(output)
        try? FileManager.default.removeItem(at: folder)
    }

    /// To be called at a test's end: until then it lives.
    func stop() {
        guard process > 0 else { return }
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
        process = 0
    }

    /// Other names from now on: lines as in /etc/hosts.
    func serve(_ lines: String) throws {
        try lines.write(to: folder.appending(path: "hosts"), atomically: false, encoding: .utf8)
        if process > 0 { kill(process, SIGHUP) }
    }

    /// A port that is free for both UDP and TCP, and stays so most likely.
    static func freePort() throws -> UInt16 {
        for _ in 0..<50 {
            let tcp = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let udp = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            defer {
                close(tcp)
                close(udp)
            }
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            guard bind(tcp, &name) == 0 else { continue }
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let known = withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(tcp, $0, &size) }
            }
            if known == 0, bind(udp, &name) == 0 { return UInt16(bigEndian: name.sin_port) }
        }
        throw POSIXError(.EADDRINUSE)
    }

    private static func bind(_ descriptor: Int32, _ name: inout sockaddr_in) -> Int32 {
        withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
