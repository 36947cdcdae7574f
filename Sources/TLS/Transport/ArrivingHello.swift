import NIOCore
import Transports

/// The first bytes of a connection, up to the end of the client's hello. Bounded by `ClientHelloReader.maxBytes` and one
/// read.
struct ArrivingHello {
    private var reader = ClientHelloReader()
    /// All that has arrived.
    private(set) var bytes = ByteBuffer()

    init() {}

    /// - Returns: what is known now.
    mutating func append(_ more: inout ByteBuffer) -> ClientHelloReader.Outcome {
        bytes.appendRead(&more)
        more = ByteBuffer()
        var reader = self.reader
        let outcome = reader.read(bytes.readableBytesUInt8Span)
        self.reader = reader
        if case .needsMore = outcome { bytes.keep() }
        return outcome
    }
}
