import Routing
import ServerNames
import TLS

/// Whatever comes first on a connection, it is one hello, one failure, or not complete: in any reads and any records,
/// with anything after it, and for the plainest of readers too.
enum ClientHelloCheck {
    typealias Outcome = ClientHelloReader.Outcome

    static func run(_ bytes: [UInt8]) throws(Contradiction) {
        var reads = Reads(bytes)
        let whole = ClientHelloReader.read(bytes.span)
        try claim(
            read(bytes, in: reads.sizes(bytes.count)) == whole,
            "reads change what a hello says",
            bytes
        )
        switch whole {
        case .needsMore:
            try claim(bytes.count < ClientHelloReader.maxBytes, "a reader waits without end", bytes)
        case .failed(let failure):
            let after = ClientHelloReader.read((bytes + next).span)
            try claim(after == .failed(failure), "a failure depends on what follows", bytes)
        case .hello(let hello):
            let after = ClientHelloReader.read((bytes + next).span)
            try claim(after == .hello(hello), "what follows a hello changes it", bytes)
        }
        try compare(whole, bytes, &reads)
    }

    /// What might follow a hello, and must not change it.
    private static let next: [UInt8] = [20, 3, 3, 0, 1, 1, 22, 3, 3, 0, 0]

    /// The outcome, and the plain reader's.
    private static func compare(_ outcome: Outcome, _ bytes: [UInt8], _ reads: inout Reads)
        throws(Contradiction)
    {
        guard case .message(let message, _) = PlainHello.records(bytes) else {
            if case .hello = outcome { throw Contradiction("a plain reader finds no message", bytes) }
            return
        }
        guard let plain = PlainHello(message) else {
            guard case .failed = outcome else {
                throw Contradiction("a plain reader refuses the hello", bytes)
            }
            return
        }
        let hello: ClientHello
        switch outcome {
        case .hello(let read): hello = read
        case .failed(.badServerName):
            let name = plain.name.map { ServerName($0.span) }
            try claim(name == .some(nil), "a server name is refused that can be read", bytes)
            return
        default: throw Contradiction("a plain reader accepts what was refused: \(outcome)", bytes)
        }
        try claim(hello.protocols == plain.protocols, "other protocols", bytes)
        try claim(hello.versions == plain.versions, "other versions", bytes)
        switch (hello.serverName, plain.name) {
        case (nil, nil): break
        case (.host(let host)?, let name?): try claim(host.bytes == name, "another server name", bytes)
        case (.address?, _?): break
        default: throw Contradiction("a server name comes or goes", bytes)
        }
        let records = HelloBytes.records(message, sizes: reads.sizes(message.count))
        guard records.count <= ClientHelloReader.maxBytes else { return }
        try claim(
            ClientHelloReader.read(records.span) == outcome,
            "other records change what a hello says",
            bytes
        )
    }

    /// Reads more and more of the bytes, as a connection brings them.
    private static func read(_ bytes: [UInt8], in sizes: [Int]) -> Outcome {
        var reader = ClientHelloReader()
        var count = 0
        for size in sizes {
            count += size
            let outcome = reader.read(bytes.span.extracting(first: count))
            if outcome != .needsMore { return outcome }
        }
        return .needsMore
    }
}
