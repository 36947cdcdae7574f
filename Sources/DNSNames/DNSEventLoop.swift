import Glibc
import Names
import Routing
import Settings

/// The event loop of the DNS thread: resolves names by queries to servers. Used on that thread alone.
struct DNSEventLoop {
    /// The maximum number of pending queries; further ones fail at once.
    static let maxQueries = 16_384

    private final class Finished {
        var list: [(query: UInt64, outcome: AresChannel.Outcome)] = []
    }

    /// A name being resolved.
    private struct Name {
        var resolution: DNSResolution
        let completion: DNSThread.Completion
    }

    /// A query, from its first server to its last one.
    private struct PendingQuery {
        let name: UInt64
        let question: DNSQuestion
        /// Servers that have not been tried yet.
        var tries: ArraySlice<Int>
        var server = 0
        var problem: NameProblem?
        /// A server refused the query: others may still respond.
        var refusal: NameProblem?
    }

    private let options: DNSOptions
    private let timeout: Int32
    private var plan: DNSSearchPolicy
    private var servers: [Endpoint] = []
    private var connections: [DNSServer] = []
    private var order = ServerOrder(count: 0)
    private var names: [UInt64: Name] = [:]
    private var queries: [UInt64: PendingQuery] = [:]
    private var serial: UInt64 = 0
    private let finished = Finished()
    private var fault: String?
    private let started = ContinuousClock.now

    init(_ options: DNSOptions) {
        self.options = options
        let (seconds, parts) = options.settings.timeout.components
        let milliseconds = Int64(clamping: seconds).multipliedReportingOverflow(by: 1000)
        let whole = milliseconds.overflow ? Int64(Int32.max) : milliseconds.partialValue
        self.timeout = Int32(clamping: max(1, whole + parts / 1_000_000_000_000_000))
        self.plan = options.plan(nil)
        configure()
    }

    /// Runs until a command stops it.
    ///
    /// - Parameter wake: becomes readable when there are commands.
    mutating func run(wake: Int32, commands: () -> [DNSThread.Command]) {
        while true {
            for command in commands() {
                switch command {
                case .resolve(let name, let completion): resolve(name, completion)
                case .reloadConfiguration: configure()
                case .stop: return stop()
                }
            }
            settle()
            wait(wake)
            settle()
        }
    }

    /// Reads resolv.conf where it applies, and uses its servers from now on.
    private mutating func configure() {
        var file: ResolverFile?
        if options.servers == nil || options.settings.search == nil {
            file = try? ResolverFile.read()
        }
        plan = options.plan(file)
        let wanted = options.servers ?? file?.servers ?? []
        guard wanted != servers || connections.isEmpty else { return }
        servers = wanted
        var made: [DNSServer] = []
        fault = wanted.isEmpty ? "there is no server" : nil
        for server in wanted {
            do {
                made.append(try DNSServer(server, timeout: timeout))
            } catch {
                fault = "\(server): \(error.reason)"
            }
        }
        if made.count == wanted.count { fault = wanted.isEmpty ? fault : nil }
        order = ServerOrder(count: made.count)
        // Pending queries end with the old connections, and are sent again.
        connections = made
    }

    private mutating func stop() {
        let open = names
        names = [:]
        queries = [:]
        connections = []
        for name in open.values { name.completion(.failed(NameProblem(.unavailable, "dns: stopped"))) }
    }

    // MARK: Names

    private mutating func resolve(_ name: String, _ completion: @escaping DNSThread.Completion) {
        guard !connections.isEmpty else {
            return completion(.failed(NameProblem(.unavailable, "dns: \(fault ?? "there is no server")")))
        }
        guard queries.count < Self.maxQueries else {
            return completion(.failed(NameProblem(.overloaded, "dns: too many queries")))
        }
        serial &+= 1
        let id = serial
        var resolution = DNSResolution(name, plan) { Reachability.hasRoute(to: $0) }
        let step = resolution.begin()
        names[id] = Name(resolution: resolution, completion: completion)
        follow(step, id)
    }

    private mutating func follow(_ step: DNSResolution.Step, _ id: UInt64) {
        switch step {
        case .done(let result):
            names.removeValue(forKey: id)?.completion(result)
        case .query(let questions):
            for question in questions {
                serial &+= 1
                let tries = order.tries(attempts: options.settings.attempts, now: now)[...]
                queries[serial] = PendingQuery(name: id, question: question, tries: tries)
                send(serial)
            }
        }
    }

    // MARK: Queries

    /// Sends the query to the next server, or fails.
    private mutating func send(_ id: UInt64) {
        guard var query = queries[id] else { return }
        guard let server = query.tries.popFirst(), connections.indices.contains(server) else {
            if let refusal = query.refusal { return end(id, .success(DNSAnswer(refusal: refusal))) }
            let problem = query.problem ?? NameProblem(.unavailable, "dns: there is no server")
            return end(id, .failure(problem))
        }
        query.server = server
        queries[id] = query
        let finished = finished
        connections[server].query(query.question) { finished.list.append((id, $0)) }
    }

    private mutating func end(_ id: UInt64, _ result: Result<DNSAnswer, NameProblem>) {
        guard let query = queries.removeValue(forKey: id) else { return }
        guard var name = names[query.name] else { return }
        let step = name.resolution.receive(result, for: query.question)
        names[query.name] = name
        follow(step, query.name)
    }

    /// Handles the outcomes of c-ares, until there are no more.
    private mutating func settle() {
        while !finished.list.isEmpty {
            let list = finished.list
            finished.list = []
            for (id, outcome) in list { receive(outcome, id) }
        }
    }

    private mutating func receive(_ outcome: AresChannel.Outcome, _ id: UInt64) {
        guard let query = queries[id] else { return }
        let server = servers.indices.contains(query.server) ? "\(servers[query.server])" : "a server"
        switch outcome {
        case .message(let bytes):
            do throws(DNSFault) {
                let answer = try DNSMessage.answer(to: query.question, in: bytes)
                order.responded(query.server)
                end(id, .success(answer))
            } catch {
                let problem = NameProblem(.unavailable, "dns: \(error.text) from \(server)")
                if error == .refused { queries[id]?.refusal = problem }
                retry(id, problem)
            }
        case .failed(let status):
            let fault = AresFault(status: status)
            if !fault.isOurs { order.failed(query.server, now: now) }
            retry(
                id,
                fault.isTimeout
                    ? NameProblem(.timeout, "dns: no response from \(server)")
                    : NameProblem(.unavailable, "dns: \(fault.reason) from \(server)")
            )
        }
    }

    private mutating func retry(_ id: UInt64, _ problem: NameProblem) {
        queries[id]?.problem = problem
        send(id)
    }

    // MARK: Waiting

    private mutating func wait(_ wake: Int32) {
        var descriptors = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        var owners: [AresChannel] = []
        var limit: Int64?
        for connection in connections { connection.trim() }
        let channels = connections.flatMap { $0.channels.filter { $0.open > 0 } }
        for channel in channels {
            for socket in channel.sockets {
                descriptors.append(socket)
                owners.append(channel)
            }
            if let timeout = channel.timeout { limit = min(limit ?? timeout, timeout) }
        }
        let count = poll(&descriptors, nfds_t(descriptors.count), limit.map { Int32(clamping: $0) } ?? -1)
        if count < 0, errno != EINTR { return }
        if descriptors[0].revents != 0 {
            var bytes = [UInt8](repeating: 0, count: 256)
            while read(wake, &bytes, bytes.count) == bytes.count {}
        }
        for (index, descriptor) in descriptors.dropFirst().enumerated() where descriptor.revents != 0 {
            owners[index].process(descriptor)
        }
        for channel in channels { channel.processTimeouts() }
    }

    /// Since the start, milliseconds.
    private var now: Int64 {
        let (seconds, parts) = started.duration(to: .now).components
        return seconds * 1000 + parts / 1_000_000_000_000_000
    }
}

extension DNSFault {
    /// For the log.
    var text: String {
        switch self {
        case .truncated: "a truncated message"
        case .badName: "a message with a malformed name"
        case .otherQuestion: "an answer to another question"
        case .code(2): "SERVFAIL"
        case .code(4): "NOTIMP"
        case .code(5): "REFUSED"
        case .code(let code): "response code \(code)"
        }
    }
}
