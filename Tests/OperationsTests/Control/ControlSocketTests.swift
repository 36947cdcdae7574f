import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3)))
struct ControlSocketTests {
    /// A folder for the length of a test. Its path is short: a UNIX socket's must be.
    private final class Folder {
        let path = "/tmp/berth-\(UUID().uuidString.prefix(8))"

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        var address: ControlAddress { ControlAddress(path: path + "/admin.sock") }
        var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
    }

    private struct Echo: Codable, Equatable {
        var method: String
        var path: [String]
        var body: String
    }

    private func serve(
        _ folder: Folder,
        takesOver: Bool = false,
        timeLimit: TimeAmount = ControlServer.timeLimit,
        respond: @escaping ControlResponder = ControlSocketTests.echo
    ) async throws -> ControlServer {
        try await ControlServer.start(
            on: ControlSocket.listen(at: folder.address, takesOver: takesOver),
            group: MultiThreadedEventLoopGroup.singleton,
            timeLimit: timeLimit,
            respond: respond
        )
    }

    private static let echo: ControlResponder = { request in
        if request.path == ["none"] { return .error(404, "there is nothing") }
        return .value(
            Echo(
                method: request.method,
                path: request.path,
                body: String(decoding: request.body, as: UTF8.self)
            )
        )
    }

    @Test func `A request gets its response; the file is for its user alone, and gone at the end`()
        async throws
    {
        let folder = try Folder()
        let server = try await serve(folder)
        #expect(folder.files == ["admin.sock"])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.address.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let client = ControlClient(folder.address)
        for _ in 0..<40 {
            let echo: Echo = try await client.send(.GET, ["pools", "~^a/b c%"])
            #expect(echo == Echo(method: "GET", path: ["pools", "~^a/b c%"], body: ""))
        }
        let echo: Echo = try await client.send(.POST, ["x"], body: ["a": "b"])
        #expect(echo.body == #"{"a":"b"}"#)
        await server.stop()
        #expect(folder.files == [])
    }

    @Test func `At the end of the server clients get the responses that they wait for, and no others`()
        async throws
    {
        let folder = try Folder()
        let (reached, reaches) = AsyncStream.makeStream(of: Void.self)
        let (goes, go) = AsyncStream.makeStream(of: Void.self)
        let server = try await serve(folder) { request in
            reaches.yield()
            for await _ in goes { break }
            return .value(request.path)
        }
        let client = ControlClient(folder.address)
        async let served: [String] = client.send(.GET, ["a"])
        var requests = reached.makeAsyncIterator()
        await requests.next()
        let silent = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: folder.address.path).get()
        async let stopped: Void = server.stop()
        // It has sent no request.
        try await silent.closeFuture.get()
        go.yield()
        #expect(try await served == ["a"])
        await stopped
        // One that takes too long.
        let other = try await serve(folder) { _ in
            reaches.yield()
            try? await Task.sleep(for: .seconds(600))
            return .value("late")
        }
        let late = Task { try await client.send(.GET, ["b"], as: String.self) }
        await requests.next()
        await other.stop()
        await #expect(throws: ControlClient.Problem.self) { try await late.value }
    }

    @Test func `Errors say what to do`() async throws {
        let folder = try Folder()
        let client = ControlClient(folder.address)
        func problem() async -> ControlClient.Problem? {
            do throws(ControlClient.Problem) {
                _ = try await client.send(.GET, ["none"], as: Echo.self)
                return nil
            } catch {
                return error
            }
        }
        var found = try #require(await problem())
        #expect(found.kind == .unreachable && found.description.hasPrefix("there is no socket at /tmp/"))
        let server = try await serve(folder)
        found = try #require(await problem())
        #expect(found.kind == .notFound && found.description == "there is nothing")
        await server.stop()
        // A process that was killed leaves its file.
        try leaveSocket(at: folder.address.path)
        found = try #require(await problem())
        #expect(found.kind == .unreachable && found.description.hasPrefix("no tier listens to"))
    }

    /// A socket that nobody listens to.
    private func leaveSocket(at path: String) throws {
        let address = try ControlAddress.parse(path: path).get()
        let socket = try ControlSocket.listen(at: address)
        try socket.activate()
        close(socket.descriptor)
    }

    @Test func `A socket that a dead process left is replaced, one of a live process is not`() async throws {
        let folder = try Folder()
        try leaveSocket(at: folder.address.path)
        let server = try await serve(folder)
        #expect(throws: ControlSocketError.self) { try ControlSocket.listen(at: folder.address) }
        do {
            _ = try ControlSocket.listen(at: folder.address)
        } catch {
            #expect("\(error)".contains("another process listens to this socket"))
        }
        // For a restart beside the one that runs.
        let next = try await serve(folder, takesOver: true) { _ in .value(["next"]) }
        let names: [String] = try await ControlClient(folder.address).send(.GET, ["x"])
        #expect(names == ["next"])
        await server.stop()
        #expect(folder.files == ["admin.sock"], "the file is the other's by now")
        await next.stop()
        #expect(folder.files == [])
    }

    @Test func `A path that cannot be used is an error with the reason`() throws {
        let folder = try Folder()
        func reason(_ path: String) -> String {
            do throws(ControlSocketError) {
                try ControlSocket.listen(at: ControlAddress(path: path)).discard()
                return ""
            } catch {
                return error.reason
            }
        }
        try Data().write(to: URL(filePath: folder.path + "/file"))
        #expect(reason(folder.path + "/file") == "the file is not a socket; choose another path")
        #expect(reason(folder.path + "/none/admin.sock") == "the folder does not exist")
        #expect(reason(folder.path + "/admin.sock") == "")
        #expect(folder.files == ["file"])
        let long = "unix:/" + String(repeating: "a", count: 200)
        for bad in ["", "/run/berth.sock", "unix:", "unix:a\u{0}b", long] {
            #expect(throws: ControlSocketError.self) { try ControlAddress.parse(bad).get() }
        }
    }

    @Test func `Connections have a limit in number, in time and in size`() async throws {
        let folder = try Folder()
        let server = try await serve(folder, timeLimit: .milliseconds(200))
        let group = MultiThreadedEventLoopGroup.singleton
        // Who connects and sends nothing keeps a place for some time only.
        var silent: [any Channel] = []
        for _ in 0..<(2 * ControlServer.maxConnections) {
            silent.append(
                try await ClientBootstrap(group: group).connect(unixDomainSocketPath: folder.address.path)
                    .get()
            )
        }
        for channel in silent { try await channel.closeFuture.get() }
        await server.stop()
        // With time enough for a busy machine.
        let patient = try await serve(folder)
        let client = ControlClient(folder.address)
        let large = ["a": String(repeating: "a", count: ControlServer.maxBodyBytes)]
        await #expect(throws: ControlClient.Problem.self) {
            _ = try await client.send(.POST, ["x"], body: large, as: Echo.self)
        }
        let echo: Echo = try await client.send(.GET, ["x"])
        #expect(echo.path == ["x"])
        await patient.stop()
    }

    @Test func `Only the same user and root may control a tier`() {
        #expect(PeerCredentials(user: 1000).mayControl(1000))
        #expect(PeerCredentials(user: 0).mayControl(1000))
        #expect(!PeerCredentials(user: 1001).mayControl(1000))
    }

    @Test func `A socket whose tier has ended hides no other`() throws {
        let folder = try Folder()
        let names = ["admin", "front", "local"].map { "\(folder.path)/\($0).sock" }
        func found() -> String {
            do throws(ControlSocketError) {
                return try AdminDefaults.onlySocket(among: names).path.replacing(folder.path + "/", with: "")
            } catch {
                return error.reason
            }
        }
        func listen(_ name: String) throws -> ControlSocket {
            let socket = try ControlSocket.listen(at: ControlAddress(path: name))
            try socket.activate()
            return socket
        }
        #expect(found() == "/run/berth/admin.sock")
        let stale = try listen(names[0])
        #expect(found() == "admin.sock")
        close(stale.descriptor)
        #expect(found() == "no tier listens: the one that made this socket has ended")
        let local = try listen(names[2])
        #expect(found() == "local.sock")
        let front = try listen(names[1])
        #expect(found() == "there are several tiers: name the socket of one")
        let admin = try listen(names[0])
        #expect(found() == "admin.sock")
        for socket in [local, front, admin] { close(socket.descriptor) }
        #expect(found() == "no tier listens: those that made these sockets have ended")
    }
}
