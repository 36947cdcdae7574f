import NIOCore
package import Routing
import ServerNames
package import Transports

/// The server's side: it reads the client's hello itself, chooses the certificate or refuses the name, and then leaves the
/// bytes to OpenSSL.
final class ServerOpening: TLSOpening {
    private let acceptor: TLSAcceptor
    private let peer: IPAddress
    private let localPort: UInt16
    private let start: NIODeadline
    private let note: (TLSEstablished) -> Void
    /// Until it is complete.
    private var hello = ArrivingHello()
    private var serverName: ServerName?

    var memory: TLSMemory { acceptor.memory }
    var loop: any EventLoop { acceptor.loop }
    var waitsForRefused: Bool { true }

    init(
        _ acceptor: TLSAcceptor,
        peer: IPAddress,
        localPort: UInt16,
        established note: @escaping (TLSEstablished) -> Void
    ) {
        self.acceptor = acceptor
        self.peer = peer
        self.localPort = localPort
        self.note = note
        start = acceptor.loop.now
    }

    func begin(_ bytes: inout ByteBuffer) -> TLSOpeningStep {
        switch hello.append(&bytes) {
        case .needsMore:
            return .needsMore
        case .hello(let found):
            let all = hello.bytes
            hello = ArrivingHello()
            return begin(found, all)
        case .failed(let failure):
            let reply: ByteBuffer? =
                failure == .plainHTTP ? PlainRecord.badRequest : failure.alert.map(PlainRecord.alert)
            return .refused(TLSFailure(failure), reply: reply)
        }
    }

    private func begin(_ found: ClientHello, _ bytes: ByteBuffer) -> TLSOpeningStep {
        serverName = found.serverName
        guard let choice = acceptor.choice(found.serverName) else {
            let detail =
                found.serverName == nil
                ? "the client sends no server name, and there is no default certificate"
                : "no certificate covers the server name"
            return .refused(
                TLSFailure("unknown_name", detail),
                reply: PlainRecord.alert(PlainRecord.unrecognizedName)
            )
        }
        do {
            return .handshake(
                try acceptor.stream(choice, for: found.serverName),
                first: bytes
            )
        } catch {
            return .refused(error, reply: PlainRecord.alert(PlainRecord.internalError))
        }
    }

    func established(_ stream: TLSStream) { note(TLSEstablished(serverName, stream)) }

    func cutOff(after bytes: Int) -> TLSFailure { .cutOff(after: bytes) }

    func ended(_ outcome: TLSHandshakeEnd.Outcome, of transport: TLSTransport) {
        acceptor.report(
            TLSHandshakeEnd(
                outcome: outcome,
                peer: peer,
                localPort: localPort,
                serverName: serverName,
                elapsed: acceptor.loop.now - start
            )
        )
    }
}

extension TLSTransport {
    /// The server's side of a connection.
    ///
    /// - Parameters:
    ///   - socket: one that has just been accepted, and has no owner.
    ///   - established: called once, before the first byte is passed on.
    package convenience init(
        over socket: any Transport,
        _ acceptor: TLSAcceptor,
        peer: IPAddress,
        localPort: UInt16,
        established: @escaping (TLSEstablished) -> Void = { _ in }
    ) {
        self.init(
            over: socket,
            ServerOpening(acceptor, peer: peer, localPort: localPort, established: established)
        )
    }
}
