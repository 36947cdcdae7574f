import DryRun
import Glibc
import Linting
import Routing
import RoutingConfig
import ServerNames
import Settings
import TLS

/// The certificates of the listeners of a rule set, read for a command that reports on the rules.
struct RuleCertificates: Sendable {
    /// The listeners with TLS, and what of their files can be used.
    let listeners: [(settings: ListenerSettings, store: CertificateStore)]
    /// What cannot be used of the files of `upstream_tls`.
    private let upstreamProblems: [(origin: SourceLocation, problem: CertificateProblem)]
    /// What of the CAs of clients cannot be used.
    private let clientProblems: [CertificateProblem]

    init(_ configuration: Configuration) {
        let now = time(nil)
        do throws(CertificateFailure) {
            _ = try ClientAuthorityStore(configuration.clientAuthorities, now: now)
            clientProblems = []
        } catch {
            clientProblems = error.problems
        }
        listeners = configuration.listeners.compactMap { listener in
            listener.tls.map { (listener, CertificateStore.inspect($0.certificates, now: now)) }
        }
        var problems: [(SourceLocation, CertificateProblem)] = []
        for settings in configuration.upstreamTLS {
            do throws(FileStoreFailure<UpstreamTLS>) {
                _ = try TLSClientStore([settings.tls], now: now)
            } catch {
                problems += error.problems.map { (settings.origin(ofFile: $0.problem.path), $0.problem) }
            }
        }
        upstreamProblems = problems
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
        let ofListeners = listeners.flatMap { listener in
            listener.store.problems.map { (listener.settings.tls?.origin ?? listener.settings.origin, $0) }
        }
        return clientFindings(inspected)
            + (ofListeners + upstreamProblems).map { origin, problem in
                inspected.finding(problem.code, at: origin, problem.description, hint: problem.hint)
            }
    }

    /// At the first rule that names the file, or the first listener.
    private func clientFindings(_ inspected: InspectedConfiguration) -> [Diagnostic] {
        let configuration = inspected.configuration
        return clientProblems.compactMap { problem in
            let rule = configuration.table.rules
                .first { $0.clientCertificates?.authorities == problem.path }
            if let rule {
                return inspected.finding(
                    problem.code,
                    rule: rule.index,
                    key: "client_certificates.ca",
                    problem.description,
                    hint: problem.hint
                )
            }
            let listener = configuration.listeners
                .first { $0.tls?.clientCertificates?.authorities == problem.path }
            return listener.map { listener in
                inspected.finding(
                    problem.code,
                    at: listener.tls?.origin ?? listener.origin,
                    problem.description,
                    hint: problem.hint
                )
            }
        }
    }

    /// The listeners' certificates by their names, with what the listeners demand of clients.
    var groups: [Linter.Certificate] {
        listeners.flatMap { listener in
            listener.store.certificates.map { certificate in
                Linter.Certificate(
                    names: certificate.names.map(\.description),
                    standard: listener.settings.tls?.clientCertificates
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

extension CertificateProblem {
    /// What a finding about it is.
    fileprivate var code: Diagnostic.Code { isAbsence ? .unreadable : .badCertificate }
}

extension Diagnostic.Code {
    /// A certificate of a listener, or its key, cannot be used.
    static let badCertificate = Self(rawValue: "bad_certificate")
}
