import NIOCore
import NIOEmbedded
import Routing
import ServerNames
import Settings
import TLS

/// Both sides of TLS in one process, over two pipes: the client that connects to endpoints, and the server of a listener.
final class ClientBench {
    let client = PipeTransport()
    let server = PipeTransport()
    let serverOwner = NotingOwner()
    let clientOwner = NotingOwner()
    let loop = EmbeddedEventLoop()
    private let notes = Notes()
    private let accepted: TLSTransport

    private final class Notes {
        var result: Result<TLSTransport, TLSFailure>?
        var isLate = false
        var server: [TLSHandshakeEnd] = []
    }

    /// - Parameters:
    ///   - files: the server's certificate.
    ///   - name: who the client wants.
    init(
        _ files: CertificateSettings.Pair,
        _ context: TLSClientContext,
        name: String = "web_1.test.priv",
        protocols: [String] = ["http/1.1"],
        sessions: TLSSessionSlot = TLSSessionSlot(),
        server serverContext: TLSContext? = nil,
        memory: TLSMemory = TLSMemory()
    ) throws {
        let store = try CertificateStore(CertificateSettings(pairs: [files]))
        let notes = notes
        let acceptor = TLSAcceptor(
            try serverContext ?? TLSContext(),
            memory: TLSMemory(),
            loop: loop,
            choice: { _ in store.certificates.first.map { OfferedCertificates($0) } },
            report: { notes.server.append($0) }
        )
        accepted = TLSTransport(over: server, acceptor, peer: IPAddress(v4: 0x7F00_0001), localPort: 443)
        accepted.owner = serverOwner
        let connector = TLSConnector(
            context,
            to: name,
            protocols: protocols,
            sessions: sessions,
            memory: memory,
            loop: loop
        )
        let owner = clientOwner
        connector.connect(over: client, until: loop.now + .seconds(5)) { result in
            if case .success(let transport)? = result { transport.owner = owner }
            notes.result = result
            notes.isLate = result == nil
        }
    }

    deinit {
        accepted.close()
        transport?.close()
    }

    /// Carries bytes in both directions until nobody has any.
    ///
    /// - Parameter split: cuts what the server sends into reads.
    func exchange(split: ([UInt8]) -> [[UInt8]] = { [$0] }) {
        for _ in 0..<1000 {
            loop.run()
            let up = client.takeSent()
            server.arrive(up)
            loop.run()
            let down = server.takeSent()
            for part in split(down) where !part.isEmpty { client.arrive(part) }
            if up.isEmpty, down.isEmpty { return }
        }
    }

    var isLate: Bool { notes.isLate }

    /// The client's transport, once it stands.
    var transport: TLSTransport? { try? notes.result?.get() }

    /// Why there is none.
    var failure: TLSFailure? {
        if case .failure(let failure)? = notes.result { failure } else { nil }
    }

    var serverEnds: [TLSHandshakeEnd] { notes.server }

    /// Whether the server has taken up a session again.
    var isResumed: Bool {
        serverEnds.contains { if case .established(_, _, true) = $0.outcome { true } else { false } }
    }

    func request(_ text: String) {
        transport?.write(ByteBuffer(string: text))
        transport?.flush()
    }

    func respond(_ text: String) {
        accepted.write(ByteBuffer(string: text))
        accepted.flush()
    }
}
