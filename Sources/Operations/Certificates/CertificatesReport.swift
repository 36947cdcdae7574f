import Foundation
import ServerNames
import Settings
package import TLS

/// The certificates of a tier's listeners, as the control socket shows them.
package struct CertificatesReport: Codable, Sendable, Equatable {
    package var listeners: [Listener]

    package struct Listener: Codable, Sendable, Equatable {
        /// `0.0.0.0:443`
        package var address: String
        /// The name of the default certificate; nil: clients that send no name, or one that no certificate has, are
        /// refused.
        package var defaultName: String?
        /// In the order in which they were found.
        package var certificates: [Item]
        /// What could not be used when the files were last read.
        package var problems: [Problem]
    }

    package struct Item: Codable, Sendable, Equatable {
        package enum State: String, Codable, Sendable {
            case valid
            /// Less than `CertificatesReport.soon` is left.
            case expiresSoon = "expires_soon"
            case expired
        }

        package var names: [String]
        /// Those of `names` that lead to a certificate before this one.
        package var shadowed: [String]
        package var cert: String
        package var key: String
        /// `2026-11-29T20:48:21Z`
        package var notBefore: String
        package var notAfter: String
        /// Whole days until it expires; negative: since.
        package var daysLeft: Int
        package var state: State
        /// `RSA 2048`, `EC 256`, `ED25519`
        package var keyKind: String
        package var issuer: String
        /// How many certificates are sent: the server's own and its issuers.
        package var chain: Int
        /// SHA-256, hexadecimal.
        package var fingerprint: String
        package var isDefault: Bool
        /// A handshake has needed it.
        package var inUse: Bool
    }

    package struct Problem: Codable, Sendable, Equatable {
        /// `/etc/berth/star.pem:23: …`
        package var message: String
        package var hint: String?
        /// An older certificate stays in force.
        package var keepsOld: Bool
    }

    package init(listeners: [Listener]) {
        self.listeners = listeners
    }

    /// When a certificate expires soon, seconds: 14 days.
    package static let soon = 14 * 86_400

    package func json() throws -> String {
        String(decoding: try ControlResponse.encoder.encode(self), as: UTF8.self)
    }
}

extension CertificatesReport.Listener {
    /// - Parameters:
    ///   - address: of the listener.
    ///   - now: seconds since 1970.
    package init(_ address: String, _ store: CertificateStore, now: Int) {
        self.address = address
        defaultName = store.settings.defaultName
        let fallback = store.defaultCertificate
        certificates = store.certificates.map { certificate in
            let shadowed = certificate.names.filter { store.holder(of: $0) !== certificate }
            return CertificatesReport.Item(
                certificate,
                shadowed: shadowed.map(\.description),
                isDefault: certificate === fallback,
                now: now
            )
        }
        problems = store.problems.map {
            CertificatesReport.Problem(message: $0.description, hint: $0.hint, keepsOld: $0.keepsOld)
        }
    }
}

extension CertificatesReport.Item {
    fileprivate init(_ certificate: Certificate, shadowed: [String], isDefault: Bool, now: Int) {
        names = certificate.names.map(\.description)
        self.shadowed = shadowed
        cert = certificate.files.certificate
        key = certificate.files.key
        notBefore = CertificateTime.text(certificate.notBefore)
        notAfter = CertificateTime.text(certificate.notAfter)
        let left = certificate.notAfter - now
        daysLeft = Int((Double(left) / 86_400).rounded(.down))
        state = left < 0 ? .expired : left < CertificatesReport.soon ? .expiresSoon : .valid
        keyKind = certificate.keyKind
        issuer = certificate.issuer
        chain = certificate.chainLength
        fingerprint = certificate.fingerprint.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        self.isDefault = isDefault
        inUse = certificate.isInUse
    }
}
