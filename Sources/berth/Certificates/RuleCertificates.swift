import DryRun
import Glibc
import Routing
import RoutingConfig
import ServerNames
import Settings
import TLS

/// The certificates of the listeners of a rule set, read for a command that reports on the rules.
struct RuleCertificates: Sendable {
    /// The listeners with TLS, and what of their files can be used.
    let listeners: [(settings: ListenerSettings, store: CertificateStore)]

    init(_ configuration: Configuration) {
        let now = time(nil)
        listeners = configuration.listeners.compactMap { listener in
            listener.tls.map { (listener, CertificateStore.inspect($0.certificates, now: now)) }
        }
    }

    /// Names of all certificates; those that a wildcard covers are left out.
    var names: [String] {
        var seen: Set<CertificateName> = []
        var names: [CertificateName] = []
        for name in listeners.flatMap({ $0.store.certificates }).flatMap(\.names)
        where seen.insert(name).inserted {
            names.append(name)
        }
        return names.filter { name in
            guard case .exact(let host) = name, let dot = host.text.firstIndex(of: ".") else {
                if case .address = name { return false }
                return true
            }
            return CertificateName("*" + String(host.text[dot...])).map { !seen.contains($0) } ?? true
        }.map(\.description)
    }

    /// What cannot be used, at the location of the certificates in the rule file.
    func findings(_ inspected: InspectedConfiguration) -> [Diagnostic] {
        listeners.flatMap { listener in
            listener.store.problems.map { problem in
                inspected.finding(
                    problem.isAbsence ? .unreadable : .badCertificate,
                    at: listener.settings.tls?.origin ?? listener.settings.origin,
                    problem.description,
                    hint: problem.hint
                )
            }
        }
    }

    /// What a client gets that wants a name at a port: of the listener with this port, or of the first.
    ///
    /// - Parameter name: nil where the client sends none.
    func choice(for name: ServerName?, port: UInt16) -> CertificateChoice? {
        guard let listener = listeners.first(where: { $0.settings.address.port == port }) ?? listeners.first
        else {
            return nil
        }
        let found = listener.store.explanation(for: name)
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

extension Diagnostic.Code {
    /// A certificate of a listener, or its key, cannot be used.
    static let badCertificate = Self(rawValue: "bad_certificate")
}
