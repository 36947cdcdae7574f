import AsyncHTTPClient
import Foundation
package import Names
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOConcurrencyHelpers

/// The containers of an engine that speaks Docker's API on a Unix socket, live. Any thread.
package final class ContainersSource: LiveNameSource {
    private let socket: String
    private let rules: ContainerNames
    private let session = NIOLockedValueBox<ContainersSession?>(nil)

    /// - Parameters:
    ///   - socket: `/run/docker.sock`, `/run/podman/podman.sock`.
    ///   - network: whose addresses count where no label says.
    package init(socket: String, network: String? = nil) {
        self.socket = socket
        self.rules = ContainerNames(network: network)
    }

    package func start(_ tell: @escaping @Sendable (NameSourceUpdate) -> Void) {
        do throws(RegistryError) {
            let new = ContainersSession(engine: try EngineClient(socket: socket), rules: rules, changed: tell)
            session.withLockedValue { $0 = new }
            Task { await new.handle(.started) }
        } catch {
            tell(.down(reason: error.description))
        }
    }

    package func stop() {
        guard let session = session.withLockedValue({ $0 }) else { return }
        Task { await session.stop() }
    }
}

/// What Berth asks of the engine.
final class EngineClient: Sendable {
    private let http: RegistryHTTPClient
    private let base: String

    struct Failure: Error { let reason: String }

    /// The largest event, bytes.
    static let maxEventBytes = 1 << 20
    /// The largest description of a container, bytes.
    static let maxDescriptionBytes = 1 << 20

    init(socket: String) throws(RegistryError) {
        guard let host = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics), !host.isEmpty
        else {
            throw RegistryError("'\(socket)' is not the path of a socket")
        }
        http = try RegistryHTTPClient()
        base = "http+unix://\(host)"
    }

    func shutDown() async { await http.shutDown() }

    private func get(_ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        // The socket's path is no host: engines refuse it as one.
        request.headers.add(name: "host", value: "localhost")
        return request
    }

    func list() async throws -> [String] {
        // Those that run, which is the default.
        let answer = try await http.call(get("/containers/json"))
        guard answer.status == 200 else { throw Failure(reason: "status \(answer.status) for the list") }
        return try JSONDecoder().decode([ListedContainer].self, from: answer.body).map(\.Id)
    }

    /// Nil: there is no such container.
    func look(_ id: String) async throws -> ContainerFacts? {
        // The id comes from the engine; it becomes a part of a path.
        guard !id.isEmpty, id.utf8.count <= 128, id.utf8.allSatisfy({ $0.isLetterOrDigit }) else {
            return nil
        }
        let answer: RegistryHTTPClient.Answer
        do throws(RegistryHTTPClient.Failure) {
            answer = try await http.call(get("/containers/\(id)/json"), limit: Self.maxDescriptionBytes)
        } catch {
            guard case .tooLarge = error else { throw error }
            throw Unreadable(reason: "the engine's description of it is too large")
        }
        if answer.status == 404 { return nil }
        guard answer.status == 200 else { throw Unreadable(reason: "status \(answer.status)") }
        do {
            return try JSONDecoder().decode(InspectAnswer.self, from: answer.body).facts
        } catch {
            throw Unreadable(reason: "the engine's description of it can't be read")
        }
    }

    struct Unreadable: Error { let reason: String }

    /// Events of containers and of their networks, from now on, until the stream ends.
    func follow(
        _ take: (_ id: String, _ change: ContainersMachine.Change) async -> Void
    ) async throws {
        // No filter: engines differ in which they take, and what is of no use is cheap to pass over.
        let since = Int(Date().timeIntervalSince1970)
        let request = get("/events?since=\(since)")
        let answer = try await http.lines(request, limit: Self.maxEventBytes) { line in
            // One event that can't be read says nothing; the list that follows now and then knows.
            guard let event = try? JSONDecoder().decode(EngineEvent.self, from: line) else { return }
            if let (id, change) = event.change { await take(id, change) }
        }
        throw Failure(
            reason: answer.status == 200 ? "the events ended" : "status \(answer.status) for the events"
        )
    }
}

extension EngineEvent {
    /// Whom it is about, and what it means; nil: nothing for names.
    var change: (id: String, ContainersMachine.Change)? {
        let action = Action ?? status ?? ""
        if type == "network" {
            // Docker names the container in an attribute, Podman in the place of the network.
            guard action == "connect" || action == "disconnect",
                let id = Actor?.Attributes?["container"] ?? Actor?.ID, !id.isEmpty
            else { return nil }
            return (id, .changed)
        }
        guard type == nil || type == "container", let id = Actor?.ID ?? id, !id.isEmpty else { return nil }
        // `health_status: healthy`; `exec_start: …` comes with every health check and means nothing.
        switch action.prefix(while: { $0 != ":" }) {
        case "die", "died", "stop", "kill", "oom", "pause", "remove", "destroy", "cleanup":
            return (id, action == "kill" || action == "oom" ? .changed : .gone)
        case "start", "restart", "unpause", "health_status", "rename", "update", "connect", "disconnect":
            return (id, .changed)
        default: return nil
        }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}

/// The thin shell around `ContainersMachine`.
actor ContainersSession {
    private let engine: EngineClient
    private let changed: @Sendable (NameSourceUpdate) -> Void
    private let start = ContinuousClock.now
    private var machine: ContainersMachine
    private var exchanges: [ContainersMachine.Exchange: Task<Void, Never>] = [:]
    private var timer: Task<Void, Never>?

    init(engine: EngineClient, rules: ContainerNames, changed: @escaping @Sendable (NameSourceUpdate) -> Void)
    {
        self.engine = engine
        self.changed = changed
        machine = ContainersMachine(rules: rules)
    }

    func handle(_ event: ContainersMachine.Event) {
        let actions = machine.handle(
            event,
            now: ContinuousClock.now - start,
            random: .random(in: .min ... .max)
        )
        for action in actions { perform(action) }
    }

    func stop() async {
        handle(.stopped)
        timer?.cancel()
        await engine.shutDown()
    }

    private func perform(_ action: ContainersMachine.Action) {
        let engine = engine
        switch action {
        case .tell(let change): changed(change)
        case .cancel(let exchange): exchanges.removeValue(forKey: exchange)?.cancel()
        case .wake(let moment):
            timer?.cancel()
            let at = start + moment
            timer = Task {
                guard (try? await Task.sleep(until: at, clock: .continuous)) != nil else { return }
                self.handle(.timer)
            }
        case .list(let exchange):
            run(exchange) { .listed(exchange, try await engine.list()) }
        case .look(let exchange, let id):
            run(exchange) {
                do {
                    guard let facts = try await engine.look(id) else { return .missing(exchange) }
                    return .looked(exchange, facts)
                } catch let error as EngineClient.Unreadable {
                    return .unreadable(exchange, error.reason)
                }
            }
        case .follow(let exchange):
            run(exchange) {
                try await engine.follow { id, change in
                    await self.handle(.happened(exchange, id: id, change))
                }
                return .failed(exchange, "the events ended")
            }
        }
    }

    private func run(
        _ exchange: ContainersMachine.Exchange,
        _ body: @escaping @Sendable () async throws -> ContainersMachine.Event
    ) {
        exchanges[exchange] = Task {
            let event: ContainersMachine.Event
            do {
                event = try await body()
            } catch let failure as EngineClient.Failure {
                event = .failed(exchange, failure.reason)
            } catch RegistryHTTPClient.Failure.connection(let reason) {
                event = .failed(exchange, reason)
            } catch RegistryHTTPClient.Failure.tooLarge {
                event = .failed(exchange, "an answer is too large")
            } catch {
                event = .failed(exchange, "an answer can't be read")
            }
            self.exchanges[exchange] = nil
            self.handle(event)
        }
    }
}
