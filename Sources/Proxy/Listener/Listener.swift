import EpollLoop
import Glibc
import NIOCore
import ProxyCore
package import Routing

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
    private let sockets: [(worker: Worker, loop: EpollLoop, socket: ListeningSocket)]

    /// Binds `endpoint` for each worker. `begin` accepts.
    ///
    /// - Parameter sharesPort: another instance of the same user may listen there, too.
    /// - Throws: `ListenError`, in words, when the port is taken or may not be used.
    init(
        _ endpoint: Endpoint,
        _ options: ListeningSocket.Options,
        sharesPort: Bool,
        on workers: [(worker: Worker, loop: EpollLoop)]
    ) throws(ListenError) {
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
        self.endpoint = bound
        self.sockets = sockets
    }

    func begin() {
        for (worker, loop, socket) in sockets {
            loop.execute { [port = endpoint.port] in
                socket.begin { descriptor, peer in
                    worker.accept(descriptor, from: Endpoint(peer).address, localPort: port, on: loop)
                } freeDescriptors: {
                    worker.context.upstreams.closeIdle()
                }
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
    func accept(_ descriptor: Int32, from peer: IPAddress, localPort: UInt16, on loop: EpollLoop) {
        let transport = SocketTransport(descriptor, loop: loop)
        let info = ConnectionInfo(
            peer: peer,
            localPort: localPort,
            trustedProxies: context.settings.trustedProxies
        )
        if serve(transport, of: info) { transport.begin() }
    }
}
