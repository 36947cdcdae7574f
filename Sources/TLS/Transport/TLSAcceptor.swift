import Glibc
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
    package var choice: (ServerName?) -> OfferedCertificates?
    /// What a client that sends this name has to show; nil: nothing. Where it throws, the handshake is refused.
    package var verification: (ServerName?) throws(TLSFailure) -> ClientVerification? = { _ in nil }
    /// Receives the end of each handshake, once.
    let report: (TLSHandshakeEnd) -> Void

    /// - Parameter memory: of the loop.
    package init(
        _ context: TLSContext,
        memory: TLSMemory,
        loop: any EventLoop,
        choice: @escaping (ServerName?) -> OfferedCertificates?,
        report: @escaping (TLSHandshakeEnd) -> Void
    ) {
        self.context = context
        self.memory = memory
        self.loop = loop
        self.choice = choice
        self.report = report
    }

    /// - Throws: no handshake can begin: what the client has to show cannot be verified, or memory is short.
    func stream(_ choice: OfferedCertificates, for name: ServerName?) throws(TLSFailure) -> TLSStream {
        // One of two that has expired is offered only where the other one has, too.
        let now = Int(time(nil))
        let valid = [choice.certificate, choice.alternative].compactMap { $0 }.filter { $0.isValid(at: now) }
        return try TLSStream(
            context,
            valid.first ?? choice.certificate,
            memory,
            alternative: valid.count > 1 ? valid[1] : nil,
            verification: try verification(name)
        )
    }
}
