import EpollLoop
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import ProxyCore
package import Routing
import SystemSupport
import TLS

/// Why a tier can't listen.
package struct ListenError: Error, CustomStringConvertible, Sendable {
    package let endpoint: Endpoint
    package let reason: String

    package var description: String { "cannot listen on \(endpoint): \(reason)" }
}

extension ListenError {
    init(_ endpoint: Endpoint, _ error: SocketError) {
        let reason =
            switch error.code {
            case EADDRINUSE:
                "the port is in use by another program (--reuse-port listens beside a tier that drains)"
            case EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE"
            case EADDRNOTAVAIL: "the address is not one of this machine's"
            default: error.description
            }
        self.init(endpoint: endpoint, reason: reason)
    }
}

/// One listening address: a socket on each event loop, among which the kernel shares
/// new connections out (`SO_REUSEPORT`). A connection stays on its loop for life.
final class Listener: Sendable {
    /// Where it listens; with the port that was chosen where 0 was given.
    let endpoint: Endpoint
    let plan: ListenerPlan
    private let sockets: [(worker: Worker, loop: EpollLoop, socket: ListeningSocket)]
    /// What it demands of clients now.
    private struct Demands {
        var policy: ClientCertificates?
        /// Of each loop; empty until it begins to accept.
        var facts: [(loop: EpollLoop, facts: ListenerFacts)] = []
    }

    private let demands: NIOLockedValueBox<Demands>

    /// Binds the plan's endpoint for each worker. `begin` accepts.
    ///
    /// - Parameters:
    ///   - sharesPort: another instance of the same user may listen there, too.
    ///   - inherited: sockets that listen already. Those at the plan's endpoint are taken.
    /// - Throws: `ListenError`, in words, when the port is taken or may not be used.
    init(
        _ plan: ListenerPlan,
        _ options: ListeningSocket.Options,
        sharesPort: Bool,
        inherited: inout InheritedSockets,
        on workers: [(worker: Worker, loop: EpollLoop)]
    ) throws(ListenError) {
        if let taken = inherited.take(plan.endpoint), !workers.isEmpty {
            self.plan = plan
            self.demands = NIOLockedValueBox(Demands(policy: plan.clientCertificates))
            self.endpoint = taken.bound
            self.sockets = Self.adopt(taken, options, on: workers)
            return
        }
        let endpoint = plan.endpoint
        var bound = endpoint
        var sockets: [(worker: Worker, loop: EpollLoop, socket: ListeningSocket)] = []
        do throws(SocketError) {
            // With SO_REUSEPORT two programs of one user can share a port and not know it: a socket without it
            // finds out.
            if endpoint.port != 0, !sharesPort {
                try ListeningSocket.probe(SocketEndpoint(endpoint), options)
            }
            for (worker, loop) in workers {
                let socket = try ListeningSocket(
                    SocketEndpoint(bound),
                    options,
                    loop: loop,
                    pause: DataPathConstants.acceptPause
                )
                if let actual = socket.endpoint {
                    bound = Endpoint(address: bound.address, port: actual.port)
                }
                sockets.append((worker, loop, socket))
            }
        } catch {
            throw ListenError(endpoint, error)
        }
        self.plan = plan
        self.demands = NIOLockedValueBox(Demands(policy: plan.clientCertificates))
        self.endpoint = bound
        self.sockets = sockets
    }

    /// More sockets than loops: a loop has several. Fewer: those that lack are made, and where the kernel refuses one (the
    /// socket was made by another user, or without SO_REUSEPORT), loops share a socket.
    private static func adopt(
        _ taken: InheritedSockets.Address,
        _ options: ListeningSocket.Options,
        on workers: [(worker: Worker, loop: EpollLoop)]
    ) -> [(worker: Worker, loop: EpollLoop, socket: ListeningSocket)] {
        let owners = InheritedSockets.owners(sockets: taken.descriptors.count, loops: workers.count)
        var made: [Int: ListeningSocket] = [:]
        for (index, owner) in owners.enumerated() where owner.socket == nil {
            let fresh = try? ListeningSocket(
                SocketEndpoint(taken.bound),
                options,
                loop: workers[owner.loop].loop,
                pause: DataPathConstants.acceptPause
            )
            guard let fresh else { break }
            made[index] = fresh
        }
        let areCopied = taken.descriptors.count + made.count < owners.count
        return owners.enumerated().compactMap { index, owner in
            let (worker, loop) = workers[owner.loop]
            if let fresh = made[index] { return (worker, loop, fresh) }
            let descriptor =
                owner.socket.map { taken.descriptors[$0] }
                ?? fcntl(taken.descriptors[index % taken.descriptors.count], F_DUPFD_CLOEXEC, 0)
            guard descriptor >= 0 else { return nil }
            let socket = ListeningSocket(
                adopting: descriptor,
                isCopied: areCopied,
                options,
                loop: loop,
                pause: DataPathConstants.acceptPause
            )
            return (worker, loop, socket)
        }
    }

    /// Begins to accept.
    ///
    /// - Parameters:
    ///   - secure: what a listener with certificates needs.
    ///   - httpsPort: to which one with `redirectsToHTTPS` redirects.
    func begin(_ secure: SecureListening?, httpsPort: UInt16) {
        for (worker, loop, socket) in sockets {
            // A reload may have come between the start and now, while another process accepts.
            let facts = demands.withLockedValue { demands in
                let facts = ListenerFacts(
                    httpsPort: plan.redirectsToHTTPS ? httpsPort : nil,
                    strictTransport: plan.certificates == nil ? [] : plan.strictTransport,
                    clientCertificates: demands.policy,
                    allowsHTTP2: plan.allowsHTTP2
                )
                demands.facts.append((loop, facts))
                return facts
            }
            loop.execute { [plan, port = endpoint.port] in
                let accepted: (Int32, SocketEndpoint) -> Void
                if let certificates = plan.certificates, let secure {
                    let acceptor = secure.acceptor(certificates, facts, of: worker, on: loop)
                    let clients = secure.clients
                    accepted = { descriptor, peer in
                        let peer = Endpoint(peer).address
                        worker.accept(
                            descriptor,
                            from: peer,
                            localPort: port,
                            on: loop,
                            by: acceptor,
                            clients,
                            facts
                        )
                    }
                } else {
                    let added = plan.redirectsToHTTPS || plan.allowsHTTP2 ? facts : nil
                    accepted = { descriptor, peer in
                        let peer = Endpoint(peer).address
                        worker.accept(descriptor, from: peer, localPort: port, on: loop, added)
                    }
                }
                socket.begin(accepted: accepted) { worker.context.upstreams.closeIdle() }
            }
        }
    }

    /// Accepts who has connected, and no more.
    ///
    /// - Returns: the loops that stand still.
    func close() async -> Set<String> { await onLoops { $0.end() }.stalled }

    /// Accepts nothing until `resume`. Each loop comes to it at its own time.
    func hold() {
        for (_, loop, socket) in sockets { loop.execute { socket.holdAccepting() } }
    }

    func resume() {
        for (_, loop, socket) in sockets { loop.execute { socket.resumeAccepting() } }
    }

    /// Another process has copies of its sockets: who has connected is accepted there.
    ///
    /// - Returns: the loops that stand still.
    func release() async -> Set<String> { await onLoops { $0.release() }.stalled }

    /// They stay its own.
    var descriptors: [Int32] {
        get async throws(StalledLoops) {
            let (all, stalled) = await onLoops { $0.descriptor }
            guard stalled.isEmpty else { throw StalledLoops(names: stalled) }
            return all.filter { $0 >= 0 }
        }
    }

    /// Demands something else of clients, from now on: of handshakes, and of each request.
    func install(clientPolicy: ClientCertificates?) {
        let known = demands.withLockedValue { demands in
            demands.policy = clientPolicy
            return demands.facts
        }
        for (loop, facts) in known {
            loop.execute { facts.clientCertificates = clientPolicy }
        }
    }

    /// - Returns: also the loops that have not come to it in time; they do once they turn again.
    private func onLoops<Value: Sendable>(
        _ body: @escaping @Sendable (ListeningSocket) -> Value
    ) async -> (values: [Value], stalled: Set<String>) {
        let all = await TimeLimit.wait(ListenerGroup.patience, forAll: sockets) { _, loop, socket in
            try? await loop.submit { body(socket) }.get()
        }
        let stalled = zip(sockets, all).compactMap { socket, value in value == nil ? socket.loop.name : nil }
        return (all.compactMap { $0.flatMap { $0 } }, Set(stalled))
    }
}

extension Worker {
    /// Serves a connection that has just been accepted on this loop, unless there are too many.
    func accept(
        _ descriptor: Int32,
        from peer: IPAddress,
        localPort: UInt16,
        on loop: EpollLoop,
        _ facts: ListenerFacts? = nil
    ) {
        let transport = SocketTransport(descriptor, loop: loop)
        let info = ConnectionInfo(
            peer: peer,
            localPort: localPort,
            listener: facts,
            trustedProxies: context.settings.trustedProxies
        )
        if serve(transport, of: info) { transport.begin() }
    }
}
