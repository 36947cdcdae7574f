import NIOCore
import NIOEmbedded
import Routing
import ServerNames
import Settings
import TLS

/// A `TLSTransport` over a pipe, with a client of OpenSSL at the other end.
final class TLSBench {
    let pipe: PipeTransport
    let owner = NotingOwner()
    let loop: EmbeddedEventLoop
    let transport: TLSTransport
    let client: OpenSSLClient
    var ends: [TLSHandshakeEnd] { notes.ends }
    /// What handshakes have settled.
    var established: [TLSEstablished] { notes.established }
    private let notes: Notes

    private final class Notes {
        var ends: [TLSHandshakeEnd] = []
        var established: [TLSEstablished] = []
    }

    /// - Parameter context: shared by benches whose sessions may be resumed.
    init(
        _ options: OpenSSLClient.Options = OpenSSLClient.Options(),
        context: TLSContext? = nil,
        store: CertificateStore? = nil,
        verification: @escaping (ServerName?) throws(TLSFailure) -> ClientVerification? = { _ in nil }
    ) throws {
        let (pipe, loop, notes) = (PipeTransport(), EmbeddedEventLoop(), Notes())
        (self.pipe, self.loop, self.notes) = (pipe, loop, notes)
        let store = try store ?? TestPairs.store()
        let acceptor = TLSAcceptor(
            try context ?? TLSContext(),
            memory: TLSMemory(),
            loop: loop,
            choice: { store.choice(for: $0) },
            report: { notes.ends.append($0) }
        )
        transport = TLSTransport(over: pipe, acceptor, peer: IPAddress(v4: 0x7F00_0001), localPort: 443) {
            notes.established.append($0)
        }
        acceptor.verification = verification
        transport.owner = owner
        client = OpenSSLClient(options)
    }

    deinit {
        transport.close()
    }

    /// Carries bytes in both directions until nobody has any.
    ///
    /// - Parameter split: cuts what the client sends into reads.
    func exchange(split: ([UInt8]) -> [[UInt8]] = { [$0] }) {
        for _ in 0..<100 {
            if !client.isConnected, client.error == nil { client.connect() }
            let up = client.takeOutput()
            for part in split(up) where !part.isEmpty { pipe.arrive(part) }
            loop.run()
            let down = pipe.takeSent()
            client.feed(down)
            if up.isEmpty, down.isEmpty { return }
        }
    }

    /// The causes of handshakes that failed.
    var failures: [String] {
        ends.compactMap { end in
            switch end.outcome {
            case .failed(let failure): failure.word
            case .abandoned: "abandoned"
            case .established: nil
            }
        }
    }

    func respond(_ bytes: [UInt8]) {
        transport.write(ByteBuffer(bytes: bytes))
        transport.flush()
    }

    func respond(_ text: String) { respond(Array(text.utf8)) }
}

/// Certificates of tests, in files of a folder that goes with the process.
enum TestPairs {
    struct NoFolder: Error {}

    static func store(_ pairs: [Pair] = [.star, .other], defaultName: String? = nil) throws
        -> CertificateStore
    {
        try CertificateStore(
            CertificateSettings(pairs: pairs.map { try $0.files() }, defaultName: defaultName)
        )
    }

    enum Pair: String, CaseIterable {
        /// `*.test.priv`, P-256.
        case star
        /// `other.test.priv`, P-256.
        case other
        /// `rsa.test.priv`, RSA of 2048 bits.
        case rsa

        private var names: [String] {
            switch self {
            case .star: ["DNS:*.test.priv", "DNS:test.priv"]
            case .other: ["DNS:other.test.priv"]
            case .rsa: ["DNS:rsa.test.priv", "IP:127.0.0.1"]
            }
        }

        func files() throws -> CertificateSettings.Pair {
            guard let folder = TestPairs.folder else { throw NoFolder() }
            return CertificateSettings.Pair(
                certificate: folder["\(rawValue).pem"],
                key: folder["\(rawValue).key"]
            )
        }

        fileprivate func make(by authority: TestAuthority, in folder: TestFolder) throws {
            let kind = self == .rsa ? TestAuthority.Key.rsa(bits: 2048) : .ec
            try folder.write(rawValue, authority.issue(names, key: kind))
        }
    }

    /// Made once.
    private nonisolated(unsafe) static let folder: TestFolder? = {
        let folder = try? TestFolder()
        let authority = TestAuthority()
        if let folder { for pair in Pair.allCases { try? pair.make(by: authority, in: folder) } }
        return folder
    }()
}
