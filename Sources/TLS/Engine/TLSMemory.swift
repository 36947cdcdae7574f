import COpenSSL
import NIOCore

/// The memory that the TLS connections of one event loop use in turn: no connection holds any of it between two events.
///
/// Used on its loop alone.
package final class TLSMemory {
    /// Bytes of a record's content at most (RFC 8446 §5.1).
    package static let recordBytes = 16 << 10
    /// What a record has besides its content: at most 5 bytes of header, 8 of a number, 16 of authentication, one of type.
    static let recordExtra = 64
    /// What decryption of a usual read needs.
    private static let usualBytes = 128 << 10

    /// What OpenSSL reads from and writes to.
    let channel: UnsafeMutablePointer<berth_tls_channel>
    /// Room for an alert or an update of keys, which reading may make.
    let replies = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 1)
    /// Where all decrypted bytes go.
    var plain = ByteBuffer()

    package init() {
        channel = .allocate(capacity: 1)
        channel.initialize(to: berth_tls_channel())
    }

    deinit {
        channel.deallocate()
        replies.deallocate()
    }

    /// Makes `plain` empty: the same memory again, unless somebody has kept the last bytes.
    func clear() {
        plain.clear(minimumCapacity: Self.usualBytes)
    }

    /// How OpenSSL calls the channel; nil: out of memory.
    ///
    /// `nonisolated(unsafe)`: made once, and never changed.
    nonisolated(unsafe) static let method: OpaquePointer? = berth_channel_method()
}
