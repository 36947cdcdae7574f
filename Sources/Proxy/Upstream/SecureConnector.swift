import EpollLoop
import HTTP2
import NIOCore
import ProxyCore
import Routing
import TLS
import Transports

/// Connects to endpoints over TLS, on one event loop.
struct SecureConnector {
    let security: UpstreamSecurity
    /// Of the loop.
    let memory: TLSMemory
    /// Of the loop.
    let http2: HTTP2Memory
    let loop: EpollLoop

    /// The time is for the whole: TCP and the handshake.
    ///
    /// - Parameters:
    ///   - link: with TLS.
    ///   - protocols: offered by ALPN, the best first.
    ///   - sessions: of this endpoint and link.
    ///   - done: called once, with the transport and what it was opened with.
    func connect(
        to endpoint: Endpoint,
        over link: UpstreamLink,
        protocols: [String],
        sessions: TLSSessionSlot,
        timeout: TimeAmount,
        done: @escaping (Result<UpstreamTransport, Failure>) -> Void
    ) {
        guard let tls = link.tls, let serverName = link.serverName,
            let context = security.store[tls]
        else {
            // Rules that have been replaced meanwhile: their settings are gone.
            return done(.failure(Failure(.tlsFailed, detail: "settings_replaced")))
        }
        let deadline = loop.now + timeout
        let connector = TLSConnector(
            context,
            to: serverName,
            protocols: protocols,
            sessions: sessions,
            memory: memory,
            loop: loop
        )
        let report = security.report
        let loop = loop
        UpstreamConnector.connect(to: endpoint, loop: loop, timeout: timeout) { result in
            switch result {
            case .failure(let failure): done(.failure(failure))
            case .success(let socket):
                let began = loop.now
                connector.connect(over: socket, until: deadline) { result in
                    switch result {
                    case .success(let transport)?:
                        done(.success(UpstreamTransport(transport, context, handshakeBegan: began)))
                    case .failure(let failure)?:
                        report?(UpstreamHandshakeFailure(endpoint, serverName, failure))
                        done(.failure(Failure(failure)))
                    case nil: done(.failure(Failure(.connectTimeout, detail: "tls_handshake")))
                    }
                }
            }
        }
    }

    /// A connection for a check, over the link that requests use.
    func connectForCheck(
        to endpoint: Endpoint,
        over link: UpstreamLink,
        timeout: TimeAmount,
        done: @escaping (Result<any Transport, Failure>) -> Void
    ) {
        let done = { [http2, loop] (result: Result<any Transport, Failure>) in
            done(result.flatMap { Self.overStream($0, link, http2, loop) })
        }
        guard link.scheme == .https else {
            return UpstreamConnector.connect(to: endpoint, loop: loop, timeout: timeout, done: done)
        }
        connect(
            to: endpoint,
            over: link,
            protocols: link.tls?.http2 == true ? UpstreamConnector.protocols.reversed() : ["http/1.1"],
            // A check is to find out whether a full handshake succeeds: nothing is resumed.
            sessions: TLSSessionSlot(),
            timeout: timeout
        ) { result in done(result.map(\.stream)) }
    }

    /// The transport, or a stream of it where the endpoint speaks HTTP/2.
    private static func overStream(
        _ transport: any Transport,
        _ link: UpstreamLink,
        _ memory: HTTP2Memory,
        _ loop: EpollLoop
    ) -> Result<any Transport, Failure> {
        guard link.scheme == .h2c || transport.negotiatedProtocol == "h2" else { return .success(transport) }
        do throws(HTTP2Failure) {
            return .success(
                try HTTP2CheckTransport(
                    over: transport,
                    isSecure: link.scheme == .https,
                    memory,
                    clock: { loop.now }
                )
            )
        } catch {
            transport.close()
            return .failure(Failure(.internal))
        }
    }
}
