import EpollLoop
import NIOCore
import ProxyCore
import Routing
import Settings
package import TLS

/// Receives handshakes that have failed: on an event loop.
package typealias HandshakeReport = @Sendable (_ end: TLSHandshakeEnd) -> Void

/// What all listeners of a tier with certificates share.
struct SecureListening: Sendable {
    /// With HTTP/2 and without.
    let contexts: (http2: TLSContext, http1: TLSContext)
    let report: HandshakeReport?
    let clients: ClientAuthorityStore

    /// For one listener on one loop. On that loop.
    func acceptor(
        _ certificates: ListenerCertificates,
        _ facts: ListenerFacts,
        of worker: Worker,
        on loop: EpollLoop
    ) -> TLSAcceptor {
        let acceptor = TLSAcceptor(
            facts.allowsHTTP2 ? contexts.http2 : contexts.http1,
            memory: worker.tlsMemory,
            loop: loop,
            choice: { certificates.store.choice(for: $0) },
            report: { [unowned worker, report] in worker.handshakeEnded($0, report) }
        )
        let demands = ClientDemands(authorities: clients, listener: facts)
        acceptor.verification = { [unowned worker] name throws(TLSFailure) in
            try demands.verification(for: name, worker.context.stages)
        }
        return acceptor
    }
}

extension Worker {
    /// Serves a connection of a listener with certificates.
    func accept(
        _ descriptor: Int32,
        from peer: IPAddress,
        localPort: UInt16,
        on loop: EpollLoop,
        by acceptor: TLSAcceptor,
        _ clients: ClientAuthorityStore,
        _ facts: ListenerFacts
    ) {
        let socket = SocketTransport(descriptor, loop: loop)
        let security = ConnectionSecurity()
        let transport = TLSTransport(over: socket, acceptor, peer: peer, localPort: localPort) { [clients] in
            clients.note($0, in: security)
        }
        let info = ConnectionInfo(
            peer: peer,
            localPort: localPort,
            scheme: .https,
            listener: facts,
            security: security,
            trustedProxies: context.settings.trustedProxies
        )
        if serve(transport, of: info) { socket.begin() }
    }

    /// Counts a handshake, and reports one that failed.
    func handshakeEnded(_ end: TLSHandshakeEnd, _ report: HandshakeReport?) {
        var end = end
        switch end.outcome {
        case .established(_, _, let isResumed):
            context.counters.handshakes &+= 1
            if isResumed { context.counters.resumedHandshakes &+= 1 }
            return
        case .abandoned(let received):
            end.outcome = .failed(failure(of: end, received: received))
        case .failed:
            break
        }
        context.counters.failedHandshakes &+= 1
        report?(end)
    }

    private func failure(of end: TLSHandshakeEnd, received: Int) -> TLSFailure {
        let did = received == 0 ? "the client sent nothing" : "the client did not finish the handshake"
        if context.isDraining { return TLSFailure("tier_ends", "\(did) before the tier ended") }
        if end.elapsed < context.settings.timeouts.header {
            return TLSFailure("no_room", "\(did) and another connection needed its place")
        }
        return TLSFailure(
            received == 0 ? "no_hello" : "handshake_timeout",
            "\(did) within timeouts.client_header"
        )
    }
}
