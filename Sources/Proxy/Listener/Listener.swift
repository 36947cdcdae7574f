import EpollLoop
import Glibc
import NIOCore
import ProxyCore
package import Routing
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

    /// Binds the plan's endpoint for each worker. `begin` accepts.
    ///
    /// - Parameter sharesPort: another instance of the same user may listen there, too.
    /// - Throws: `ListenError`, in words, when the port is taken or may not be used.
    init(
        _ plan: ListenerPlan,
        _ options: ListeningSocket.Options,
        sharesPort: Bool,
        on workers: [(worker: Worker, loop: EpollLoop)]
    ) throws(ListenError) {
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
        self.endpoint = bound
        self.sockets = sockets
    }

    /// Begins to accept.
    ///
    /// - Parameters:
    ///   - secure: what a listener with certificates needs.
    ///   - httpsPort: to which one with `redirectsToHTTPS` redirects.
    func begin(_ secure: SecureListening?, httpsPort: UInt16) {
        let facts = ListenerFacts(
            httpsPort: plan.redirectsToHTTPS ? httpsPort : nil,
            strictTransport: plan.certificates == nil ? [] : plan.strictTransport
        )
        for (worker, loop, socket) in sockets {
            loop.execute { [plan, port = endpoint.port] in
                let accepted: (Int32, SocketEndpoint) -> Void
                if let certificates = plan.certificates, let secure {
                    let acceptor = secure.acceptor(certificates, of: worker, on: loop)
                    accepted = { descriptor, peer in
                        let peer = Endpoint(peer).address
                        worker.accept(descriptor, from: peer, localPort: port, on: loop, by: acceptor, facts)
                    }
                } else {
                    let facts = plan.redirectsToHTTPS ? facts : nil
                    accepted = { descriptor, peer in
                        let peer = Endpoint(peer).address
                        worker.accept(descriptor, from: peer, localPort: port, on: loop, facts)
                    }
                }
                socket.begin(accepted: accepted) { worker.context.upstreams.closeIdle() }
            }
        }
    }

    /// Accepts no more.
    func close() async {
        for (_, loop, socket) in sockets { try? await loop.submit { socket.end() }.get() }
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
