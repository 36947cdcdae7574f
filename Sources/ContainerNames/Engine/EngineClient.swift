import Bytes
import FoundationEssentials
import RegistryClient

/// A client of a container engine with Docker's API on a Unix socket. Any thread.
final class EngineClient: Sendable {
    /// The maximum size of an event, bytes.
    static let maxEventBytes = 1 << 20
    /// The maximum size of a container's description, bytes.
    static let maxDescriptionBytes = 1 << 20
    /// The part of one container in the maximum size of the list, bytes.
    static let listedBytes = 2 << 10

    enum Failure: Error, Equatable {
        /// The engine, or the connection to it.
        case engine(String)
        /// The description of one container cannot be used; other containers are not affected.
        case description(String)
    }

    /// One element of `GET /containers/json`.
    private struct ListedContainer: Decodable { let Id: String }

    private let http: RegistryHTTPClient
    /// The maximum size of the list, bytes.
    private let maxListBytes: Int
    private let base: String

    /// - Throws: `RegistryError` when `socket` is not a path.
    init(socket: String, maxContainers: Int) throws(RegistryError) {
        guard !socket.isEmpty else { throw RegistryError("'\(socket)' is not the path of a socket") }
        maxListBytes = max(RegistryHTTPClient.maxResponseBytes, maxContainers * Self.listedBytes)
        http = try RegistryHTTPClient()
        base = "http+unix://\(PercentEncoding.encoded(socket))"
    }

    func shutDown() async { await http.shutDown() }

    /// The IDs of the running containers.
    func list() async throws(Failure) -> [String] {
        let response = try await send("/containers/json", limit: maxListBytes)
        guard response.status == 200 else { throw .engine("status \(response.status) for the list") }
        do {
            return try response.body.decoded(as: [ListedContainer].self).map(\.Id)
        } catch {
            throw .engine("the list of containers is malformed")
        }
    }

    /// Nil: there is no such container.
    func inspect(_ id: String) async throws(Failure) -> ContainerFacts? {
        // The ID comes from the engine, and becomes a part of a path.
        guard !id.isEmpty, id.utf8.count <= 128, id.utf8.allSatisfy({ $0.isLetterOrDigit }) else {
            return nil
        }
        let response: RegistryResponse
        do {
            response = try await http.send(get("/containers/\(id)/json"), limit: Self.maxDescriptionBytes)
        } catch .tooLarge {
            throw .description("the engine's description of it is too large")
        } catch {
            throw Self.failure(error)
        }
        if response.status == 404 { return nil }
        guard response.status == 200 else { throw .description("status \(response.status)") }
        do {
            return try response.body.decoded(as: InspectResponse.self).facts
        } catch {
            throw .description("the engine's description of it is malformed")
        }
    }

    /// Events of containers and of their networks, from now on, until the stream ends.
    ///
    /// - Parameter receive: called for each event; the next one is read when it has returned.
    /// - Returns: why the stream ended.
    func follow(
        _ receive: (_ id: String, _ change: ContainersMachine.Change) async -> Void
    ) async -> Failure {
        // No filter: engines differ in the filters that they accept, and it is cheap to skip events.
        let request = get("/events?since=\(Int(Date().timeIntervalSince1970))")
        do {
            let response = try await http.lines(request, limit: Self.maxEventBytes) { line in
                // A malformed event is skipped: the periodic list makes up for it.
                guard let event = try? line.decoded(as: EngineEvent.self) else { return }
                if let (id, change) = event.change { await receive(id, change) }
            }
            return .engine(
                response.status == 200 ? "the events ended" : "status \(response.status) for the events"
            )
        } catch {
            return Self.failure(error)
        }
    }

    // MARK: Pieces

    private func get(_ path: String) -> RegistryRequest {
        var request = RegistryRequest(.get, base + path)
        // Engines refuse the socket's path as a host.
        request.fields.append(("host", "localhost"))
        return request
    }

    private func send(_ path: String, limit: Int) async throws(Failure) -> RegistryResponse {
        do { return try await http.send(get(path), limit: limit) } catch { throw Self.failure(error) }
    }

    private static func failure(_ error: any Error) -> Failure {
        switch error as? RegistryHTTPClient.Failure {
        case .connection(let reason): .engine(reason)
        case .tooLarge: .engine("a response is too large")
        case nil: .engine("the connection failed")
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}
