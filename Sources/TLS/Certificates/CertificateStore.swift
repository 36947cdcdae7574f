import Glibc
import NIOConcurrencyHelpers
package import ServerNames
package import Settings

/// The certificates of a listener, and which one a server name gets.
///
/// The most specific name wins: an exact one before a wildcard. Where none covers a name, or a client sends none, it is
/// the default's, if one is named. For any thread: a lookup takes a lock for the time of copying a reference, and
/// waits for no file.
package final class CertificateStore: Sendable {
    package let settings: CertificateSettings
    private let current: NIOLockedValueBox<CertificateSet>
    /// Held while files are read: one reload at a time.
    private let reading = NIOLock()

    /// Reads and checks all files. Blocks; 10,000 certificates take some seconds.
    ///
    /// - Parameter now: seconds since 1970; nil: the time of this machine.
    /// - Throws: every problem of every file: one that cannot be read or has expired, a key that does not belong to its
    ///   certificate, an empty folder, a default that no certificate has.
    package init(_ settings: CertificateSettings, now: Int? = nil) throws(CertificateFailure) {
        self.settings = settings
        let (set, problems) = CertificateSet.read(settings, before: nil, now: now ?? time(nil))
        guard problems.isEmpty else { throw CertificateFailure(problems: problems) }
        current = NIOLockedValueBox(set)
    }

    private init(_ settings: CertificateSettings, _ set: CertificateSet) {
        self.settings = settings
        current = NIOLockedValueBox(set)
    }

    /// Reads and checks all files, and leaves out what cannot be used: for reports, not for listeners.
    package static func inspect(_ settings: CertificateSettings, now: Int? = nil) -> CertificateStore {
        CertificateStore(settings, CertificateSet.read(settings, before: nil, now: now ?? time(nil)).set)
    }

    /// - Parameter name: nil where the client sends none.
    /// - Returns: nil: refuse the handshake with the alert unrecognized_name.
    package func certificate(for name: ServerName?) -> Certificate? {
        choice(for: name)?.certificate
    }

    /// … with the one of another kind of key that clients may prefer.
    package func choice(for name: ServerName?) -> OfferedCertificates? {
        current.withLockedValue { $0 }.choice(for: name)
    }

    /// All, in the order in which they were found.
    package var certificates: [Certificate] { current.withLockedValue { $0 }.entries.map(\.certificate) }

    /// For clients that send no name, or one that no certificate has.
    package var defaultCertificate: Certificate? { current.withLockedValue { $0 }.fallback?.certificate }

    /// Reads what has changed since it was read, and what folders have more or less. Blocks. Handshakes under way end
    /// with the certificate that they began with.
    ///
    /// - Returns: what could not be used; where an older one is there, it stays in force. Files that had a problem are
    ///   read again by each call.
    package func reload(now: Int?) -> [CertificateProblem] {
        reading.withLock {
            let before = current.withLockedValue { $0 }
            let (set, problems) = CertificateSet.read(settings, before: before, now: now ?? time(nil))
            current.withLockedValue { $0 = set }
            return problems
        }
    }

    /// What could not be used when the files were last read.
    package var problems: [CertificateProblem] { current.withLockedValue { $0 }.problems }

    /// The files as they were when they were last read.
    package var states: CertificateStates { current.withLockedValue { $0 }.states }

    /// A wildcard that would cover a name if it had fewer labels.
    func shallowWildcard(for name: ServerName) -> CertificateName? {
        current.withLockedValue { $0 }.names.shallowWildcard(for: name)
    }

    /// Whether a name leads to a certificate: of those that have it, it does to the first of each of two kinds of keys.
    package func uses(_ certificate: Certificate, for name: CertificateName) -> Bool {
        current.withLockedValue { $0 }.names[name]?.has(certificate) == true
    }
}
