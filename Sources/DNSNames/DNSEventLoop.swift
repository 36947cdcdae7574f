import Glibc
import Names
import Routing
import Settings

/// What the DNS thread does: takes names, asks servers, gives replies. Lives on that thread alone.
struct DNSEventLoop {
    /// Questions that may be open at one time; one more is told so.
    static let maxQuestions = 16_384

    private final class Finished {
        var list: [(inquiry: UInt64, outcome: AresChannel.Outcome)] = []
    }

    /// A name being looked for.
    private struct Name {
        var resolution: DNSResolution
        let done: DNSThread.Done
    }

    /// A question, on its way from server to server.
    private struct PendingQuery {
        let name: UInt64
        let question: DNSQuestion
        /// Servers that are still to be asked.
        var tries: ArraySlice<Int>
        var server = 0
        var problem: NameProblem?
        /// That a server refused to answer: the others may still do.
        var refusal: NameProblem?
    }

    private let options: DNSOptions
    private let timeout: Int32
    private var plan: DNSSearchPolicy
    private var servers: [Endpoint] = []
    private var channels: [AresChannel] = []
    private var order = ServerOrder(count: 0)
    private var names: [UInt64: Name] = [:]
    private var inquiries: [UInt64: PendingQuery] = [:]
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

    /// Works until it is told to stop.
    ///
    /// - Parameter wake: becomes readable when there are letters.
    mutating func run(wake: Int32, letters: () -> [DNSThread.Command]) {
        while true {
            for letter in letters() {
                switch letter {
                case .resolve(let name, let done): resolve(name, done)
                case .readAgain: configure()
                case .stop: return stop()
                }
            }
            settle()
            wait(wake)
            settle()
        }
    }

    /// Reads resolv.conf, where it counts, and begins with the servers there are now.
    private mutating func configure() {
        var file: ResolverFile?
        if options.servers == nil || options.settings.search == nil {
            file = try? ResolverFile.read()
        }
        plan = options.plan(file)
        let wanted = options.servers ?? file?.servers ?? []
        guard wanted != servers || channels.isEmpty else { return }
        servers = wanted
        var made: [AresChannel] = []
        fault = wanted.isEmpty ? "there is no server to ask" : nil
        for server in wanted {
            do {
                made.append(try AresChannel(server: server, timeout: timeout))
            } catch {
                fault = "\(server): \(error.reason)"
            }
        }
        if made.count == wanted.count { fault = wanted.isEmpty ? fault : nil }
        order = ServerOrder(count: made.count)
        // Questions that are open end with the old channels, and begin again.
        channels = made
    }

    private mutating func stop() {
        let open = names
        names = [:]
        inquiries = [:]
        channels = []
        for name in open.values { name.done(.failed(NameProblem(.unavailable, "dns: stopped"))) }
    }

    // MARK: Names

    private mutating func resolve(_ name: String, _ done: @escaping DNSThread.Done) {
        guard !channels.isEmpty else {
            return done(.failed(NameProblem(.unavailable, "dns: \(fault ?? "there is no server to ask")")))
        }
        guard inquiries.count < Self.maxQuestions else {
            return done(.failed(NameProblem(.overloaded, "dns: too many questions")))
        }
        serial &+= 1
        let id = serial
        var resolution = DNSResolution(name, plan) { Reachability.hasRoute(to: $0) }
        let step = resolution.begin()
        names[id] = Name(resolution: resolution, done: done)
        follow(step, id)
    }

    private mutating func follow(_ step: DNSResolution.Step, _ id: UInt64) {
        switch step {
        case .done(let reply):
            names.removeValue(forKey: id)?.done(reply)
        case .ask(let questions):
            for question in questions {
                serial &+= 1
                let tries = order.tries(attempts: options.settings.attempts, now: now)[...]
                inquiries[serial] = PendingQuery(name: id, question: question, tries: tries)
                ask(serial)
            }
        }
    }

    // MARK: Questions

    /// Asks the next server, or gives up.
    private mutating func ask(_ id: UInt64) {
        guard var inquiry = inquiries[id] else { return }
        guard let server = inquiry.tries.popFirst(), channels.indices.contains(server) else {
            if let refusal = inquiry.refusal { return end(id, .success(DNSAnswer(refusal: refusal))) }
            let problem = inquiry.problem ?? NameProblem(.unavailable, "dns: there is no server to ask")
            return end(id, .failure(problem))
        }
        inquiry.server = server
        inquiries[id] = inquiry
        let finished = finished
        channels[server].ask(inquiry.question) { finished.list.append((id, $0)) }
    }

    private mutating func end(_ id: UInt64, _ result: Result<DNSAnswer, NameProblem>) {
        guard let inquiry = inquiries.removeValue(forKey: id) else { return }
        // Taken out while it changes, and put back.
        guard var name = names[inquiry.name] else { return }
        let step = name.resolution.take(result, for: inquiry.question)
        names[inquiry.name] = name
        follow(step, inquiry.name)
    }

    /// Follows up what c-ares has told, until it tells nothing more.
    private mutating func settle() {
        while !finished.list.isEmpty {
            let list = finished.list
            finished.list = []
            for (id, outcome) in list { take(outcome, id) }
        }
    }

    private mutating func take(_ outcome: AresChannel.Outcome, _ id: UInt64) {
        guard let inquiry = inquiries[id] else { return }
        let server = servers.indices.contains(inquiry.server) ? "\(servers[inquiry.server])" : "a server"
        switch outcome {
        case .message(let bytes):
            do throws(DNSFault) {
                let answer = try DNSMessage.answer(to: inquiry.question, in: bytes)
                order.answered(inquiry.server)
                end(id, .success(answer))
            } catch {
                let problem = NameProblem(.unavailable, "dns: \(error.text) from \(server)")
                if error == .refused { inquiries[id]?.refusal = problem }
                retry(id, problem)
            }
        case .failed(let status):
            let fault = AresFault(status: status)
            if !fault.isOurs { order.failed(inquiry.server, now: now) }
            retry(
                id,
                fault.isTimeout
                    ? NameProblem(.timeout, "dns: no answer from \(server)")
                    : NameProblem(.unavailable, "dns: \(fault.reason) from \(server)")
            )
        }
    }

    private mutating func retry(_ id: UInt64, _ problem: NameProblem) {
        inquiries[id]?.problem = problem
        ask(id)
    }

    // MARK: Waiting

    private mutating func wait(_ wake: Int32) {
        var descriptors = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        var owners: [Int] = []
        var limit: Int64?
        for (index, channel) in channels.enumerated() {
            for socket in channel.sockets {
                descriptors.append(socket)
                owners.append(index)
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
            channels[owners[index]].process(descriptor)
        }
        for channel in channels { channel.processTimeouts() }
    }

    /// Since the beginning, milliseconds.
    private var now: Int64 {
        let (seconds, parts) = started.duration(to: .now).components
        return seconds * 1000 + parts / 1_000_000_000_000_000
    }
}

extension DNSFault {
    /// As the log tells it.
    var text: String {
        switch self {
        case .truncated: "a message that is cut off"
        case .badName: "a message with a malformed name"
        case .otherQuestion: "an answer to another question"
        case .code(2): "SERVFAIL"
        case .code(4): "NOTIMP"
        case .code(5): "REFUSED"
        case .code(let code): "response code \(code)"
        }
    }
}
