package import Routing
import Settings

/// The settings of all `upstream_tls` of a tier, with what their files have.
package typealias TLSClientStore = FileStore<UpstreamTLS>

extension UpstreamTLS: StoredFiles {
    package var paths: [String?] { [authorities, certificate?.certificate, certificate?.key] }

    package func read(now: Int) throws(CertificateProblem) -> TLSClientContext {
        let trusted = try authorities.map { (path) throws(CertificateProblem) in
            try TrustedAuthorities.read(path, of: .endpoints, now: now)
        }
        let shown = try certificate.map { (pair) throws(CertificateProblem) in
            var reader = CertificateReader()
            let files = CertificateSettings.Pair(certificate: pair.certificate, key: pair.key)
            return try reader.read(files, now: now, isServer: false)
        }
        do throws(TLSFailure) {
            return try TLSClientContext(self, authorities: trusted, certificate: shown)
        } catch {
            let path = certificate?.certificate ?? authorities ?? "upstream_tls"
            throw CertificateProblem(path: path, "cannot be used: \(error.detail)")
        }
    }

    /// Connections that were made with it end with it, and serve no further request.
    package static func replaced(_ context: TLSClientContext) { context.replace() }
}
