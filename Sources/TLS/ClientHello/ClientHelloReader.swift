/// Reads a ClientHello from the first bytes of a connection, however they are split over reads and records.
///
/// It reads records itself (RFC 8446 §5.1): OpenSSL receives the same bytes afterwards. It holds no bytes. Its time
/// for a read is that of the bytes which are new, and once that of the hello.
///
///     var reader = ClientHelloReader()
///     switch reader.read(all) {               // all bytes since the first, with each read more of them
///     case .needsMore: …
///     case .hello(let hello): …
///     case .failed(let failure): …
///     }
package struct ClientHelloReader: Sendable {
    /// The maximum size of a hello, bytes. Those of browsers have up to 2 KiB.
    package static let maxHello = 16 << 10
    /// … with its records: these have 14 bytes at least on average.
    package static let maxBytes = maxHello + 6 << 10

    package enum Outcome: Hashable, Sendable {
        /// The hello is not complete. Never after `maxBytes`.
        case needsMore
        case hello(ClientHello)
        /// The connection cannot be used. Further calls return the same.
        case failed(ClientHelloFailure)
    }

    private var walk = RecordWalk()

    package init() {}

    /// - Parameter bytes: all that the connection has received, from its first byte; what follows the hello is not
    ///   examined. Bytes of an earlier call must be the same again.
    package mutating func read(_ bytes: Span<UInt8>) -> Outcome {
        do throws(ClientHelloFailure) {
            guard let message = try walk.message(in: bytes) else { return .needsMore }
            return .hello(try ClientHello(message: message.span))
        } catch {
            return .failed(error)
        }
    }

    /// The outcome for the first bytes of a connection, read once.
    package static func read(_ bytes: Span<UInt8>) -> Outcome {
        var reader = ClientHelloReader()
        return reader.read(bytes)
    }
}
