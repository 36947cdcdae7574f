import Bytes
import Logging
import NIOConcurrencyHelpers
import ServerNames
import Settings
import TLS

/// Warns of certificates in force that expire soon, or have expired. Any thread.
final class ExpiryLog: Sendable {
    /// Lines at a time; the others are counted.
    static let maxLines = 20

    private let schedule = NIOLockedValueBox(ExpirySchedule())
    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// To be called often: it looks at the certificates once a minute.
    ///
    /// - Parameter now: seconds since 1970.
    func look(now: Int, _ items: () -> [ExpirySchedule.Item]) {
        let due = schedule.withLockedValue { $0.due(now: now, items) }
        for item in due.prefix(Self.maxLines) {
            let left = (Double(item.notAfter - now) / 86_400).rounded(.down)
            let metadata: Logger.Metadata = [
                "certificate": "\(item.path)", "names": "\(Printable.text(item.name))",
                "expires": "\(CertificateTime.text(item.notAfter))", "days_left": "\(Int(left))",
            ]
            if item.notAfter < now {
                logger.error("a certificate in use has expired", metadata: metadata)
            } else {
                logger.warning("a certificate expires soon", metadata: metadata)
            }
        }
        if due.count > Self.maxLines {
            logger.warning(
                "more certificates expire soon: berth certs shows them",
                metadata: ["certificates": "\(due.count - Self.maxLines)"]
            )
        }
    }
}

extension ExpirySchedule.Item {
    init(_ certificate: Certificate) {
        let names = certificate.names.prefix(Self.maxNames).map(\.description)
        self.init(
            path: certificate.files.certificate,
            name: names.isEmpty ? certificate.subject : names.joined(separator: ","),
            notAfter: certificate.notAfter,
            fingerprint: certificate.fingerprint
        )
    }

    private static let maxNames = 4

    /// Each of the file's authorities. Those of a system's list expire now and then: that matters only where a certificate
    /// needs them.
    static func authorities(_ all: TrustedAuthorities) -> [Self] {
        all.authorities.map { authority in
            Self(
                path: all.path,
                name: authority.name,
                notAfter: authority.notAfter,
                fingerprint: authority.fingerprint
            )
        }
    }
}
