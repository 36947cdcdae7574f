import Settings
import Proxy
import DryRun
import Routing
import ServerNames
import TLS

extension CertificateControl {
    /// What a client gets that wants a name at a port: of the listener with this port, or of the first; nil: no listener
    /// has certificates.
    ///
    /// - Parameter name: nil where the client sends none.
    func choice(for name: ServerName?, port: UInt16) -> CertificateChoice? {
        guard let listener = listeners.first(where: { $0.address.port == port }) ?? listeners.first else {
            return nil
        }
        let found = listener.certificates.store.explanation(for: name)
        return CertificateChoice(
            serverName: name?.description,
            file: found.certificate?.files.certificate,
            names: found.certificate?.names.map(\.description) ?? [],
            covering: found.covering?.description,
            shallow: found.shallow?.description,
            notAfter: found.certificate.map { CertificateTime.text($0.notAfter) }
        )
    }
}
