package import NIOCore
import Bytes
package import Transports

/// What the TLS connections that one event loop makes share, and one of them needs.
package struct TLSConnector {
    let context: TLSClientContext
    let memory: TLSMemory
    let loop: any EventLoop
    /// The name or the address that the server's certificate has to have.
    let serverName: String
    /// Offered by ALPN, the best first.
    let protocols: [String]
    /// Where the sessions of this server are kept.
    let sessions: TLSSessionSlot

    /// - Parameter memory: of the loop.
    package init(
        _ context: TLSClientContext,
        to serverName: String,
        protocols: [String] = ["http/1.1"],
        sessions: TLSSessionSlot = TLSSessionSlot(),
        memory: TLSMemory,
        loop: any EventLoop
    ) {
        self.context = context
        self.serverName = serverName
        self.protocols = protocols
        self.sessions = sessions
        self.memory = memory
        self.loop = loop
    }

    /// Begins a handshake.
    ///
    /// - Parameters:
    ///   - socket: one that is connected, and has no owner.
    ///   - deadline: by when the connection has to stand.
    ///   - done: called once, on the loop, perhaps at once; the transport has no owner then. Nil: not in time.
    package func connect(
        over socket: any Transport,
        until deadline: NIODeadline,
        done: @escaping (Result<TLSTransport, TLSFailure>?) -> Void
    ) {
        let opening = ClientOpening(self, done)
        let transport = TLSTransport(over: socket, opening)
        opening.watch(transport, until: deadline)
        var nothing = ByteBuffer()
        transport.begin(&nothing)
    }
}

/// The last session of one server, for its next connection.
///
/// Used on one loop alone.
package final class TLSSessionSlot {
    var session: TLSSession?

    package init() {}
}

/// The client's side: it sends the first message, and ends when the server's certificate is not accepted.
final class ClientOpening: TLSOpening {
    private let connector: TLSConnector
    /// Nil after the end.
    private var done: ((Result<TLSTransport, TLSFailure>?) -> Void)?
    private var timer: Scheduled<Void>?

    var memory: TLSMemory { connector.memory }
    var loop: any EventLoop { connector.loop }
    /// The alert is sent, and nobody waits for what the server makes of it.
    var waitsForRefused: Bool { false }

    init(_ connector: TLSConnector, _ done: @escaping (Result<TLSTransport, TLSFailure>?) -> Void) {
        self.connector = connector
        self.done = done
    }

    /// Ends the attempt where it takes too long.
    func watch(_ transport: TLSTransport, until deadline: NIODeadline) {
        let expire = LoopTask { [self] in
            guard let done = done.take() else { return }
            transport.close()
            done(nil)
        }
        timer = loop.scheduleTask(deadline: deadline) { expire.run() }
    }

    func begin(_ bytes: inout ByteBuffer) -> TLSOpeningStep {
        let check = PeerCheck(connector.serverName, connector.context)
        check.keep = { [sessions = connector.sessions] in sessions.session = $0 }
        do {
            return .handshake(
                try TLSStream(
                    connector.context,
                    to: check,
                    protocols: connector.protocols,
                    session: connector.sessions.session,
                    connector.memory
                ),
                first: ByteBuffer()
            )
        } catch {
            return .refused(error, reply: nil)
        }
    }

    /// Content types of records: alert, handshake (RFC 8446 §5.1).
    private static let firstTypes: ClosedRange<UInt8> = 21...22

    func flaw(ofFirst bytes: ByteBufferView) -> TLSFailure? {
        guard let first = bytes.first, !Self.firstTypes.contains(first) else { return nil }
        let isHTTP = bytes.starts(with: "HTTP/".utf8)
        return TLSFailure(
            "not_tls",
            "the endpoint does not use TLS" + (isHTTP ? ": it responds in plain HTTP" : "")
        )
    }

    func flaw(of stream: TLSStream, after outcome: TLSStream.Outcome, hasData: Bool) -> TLSFailure? {
        if case .failed(let failure) = outcome { return failure }
        if connector.context.verifies, !stream.isVerified {
            return TLSFailure("bad_certificate", "the certificate was not verified", .certificate)
        }
        let chosen = stream.negotiatedProtocol
        if let chosen, !connector.protocols.contains(chosen) {
            return TLSFailure(
                "no_application_protocol",
                "the endpoint chose a protocol that was not offered: \(Printable.text(chosen))"
            )
        }
        // In HTTP/1 the client begins; what arrives before that would become the response to a request not sent yet.
        if hasData, chosen != "h2" {
            return TLSFailure("early_data", "the endpoint sent data before the first request")
        }
        return nil
    }

    func cutOff(after bytes: Int) -> TLSFailure { .endpointCutOff(after: bytes) }

    func ended(_ outcome: TLSHandshakeEnd.Outcome, of transport: TLSTransport) {
        timer?.cancel()
        timer = nil
        guard let done = done.take() else { return }
        switch outcome {
        case .established: done(.success(transport))
        case .failed(let failure):
            // A session that could not be resumed is not tried again.
            connector.sessions.session = nil
            done(.failure(failure))
        case .abandoned: done(nil)
        }
    }
}
