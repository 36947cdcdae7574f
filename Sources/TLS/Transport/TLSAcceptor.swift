package import NIOCore
package import ServerNames

/// What the TLS connections of one listener share on one event loop.
///
/// Used on its loop alone.
package final class TLSAcceptor {
    let context: TLSContext
    let memory: TLSMemory
    let loop: any EventLoop
    /// Chooses by the name that the client sends; nil: none fits.
    package var certificate: (ServerName?) -> Certificate?
    /// Receives the end of each handshake, once.
    let report: (TLSHandshakeEnd) -> Void

    /// - Parameter memory: of the loop.
    package init(
        _ context: TLSContext,
        memory: TLSMemory,
        loop: any EventLoop,
        certificate: @escaping (ServerName?) -> Certificate?,
        report: @escaping (TLSHandshakeEnd) -> Void
    ) {
        self.context = context
        self.memory = memory
        self.loop = loop
        self.certificate = certificate
        self.report = report
    }
}
