import COpenSSL
import Glibc

/// A session that a client may resume: with the server that it came from, and the same settings.
///
/// Used on one loop alone.
package final class TLSSession {
    let pointer: OpaquePointer
    /// Those that the session was made with. Kept, so that no other object has its place in memory.
    private let context: TLSClientContext
    private let server: String
    /// Seconds since 1970: nobody looks at the certificate again when the session is resumed.
    private let end: Int

    /// - Parameter pointer: with a reference that this releases.
    init(_ pointer: OpaquePointer, _ context: TLSClientContext, _ server: PeerCheck) {
        self.pointer = pointer
        self.context = context
        self.server = server.text
        let certificate = SSL_SESSION_get0_peer(pointer)
        let life = SSL_SESSION_get_time(pointer) &+ SSL_SESSION_get_timeout(pointer)
        end = min(certificate.map(PeerCheck.end) ?? .max, life)
    }

    deinit { SSL_SESSION_free(pointer) }

    func fits(_ context: TLSClientContext, _ server: PeerCheck) -> Bool {
        self.context === context && self.server == server.text && time(nil) < end
    }
}
