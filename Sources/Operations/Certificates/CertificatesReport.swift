import Bytes
import FoundationEssentials
import Glibc
package import Routing
import ServerNames
import Settings
package import TLS

/// The certificates of a tier's listeners and of its `upstream_tls`, and the CAs of clients, as the control socket shows
/// them.
package struct CertificatesReport: Codable, Sendable, Equatable {
    package var listeners: [Listener]
    /// What targets with `https` need; nil: there are none.
    package var upstreams: [Upstream]?
    /// The CAs of clients, by the order of their files; nil: there are none.
    package var clients: [Clients]?

    /// An `upstream_tls`.
    package struct Upstream: Codable, Sendable, Equatable {
        /// Nil: the system's authorities.
        package var ca: String?
        /// Nil: the name of each target.
        package var serverName: String?
        package var verify: Bool
        /// Those of `ca`, in the order of the file.
        package var authorities: [Authority]
        /// What endpoints are shown that demand a certificate; nil: nothing.
        package var certificate: Item?
        /// What could not be used when the files were last read.
        package var problems: [Problem]
    }

    /// A file of `client_certificates`.
    package struct Clients: Codable, Sendable, Equatable {
        package var ca: String
        /// In the order of the file.
        package var authorities: [Authority]
        /// What could not be used when the file was last read.
        package var problems: [Problem]
    }

    /// An authority (CA) whose certificates are trusted.
    package struct Authority: Codable, Sendable, Equatable {
        package var name: String
        /// `2026-11-29T20:48:21Z`
        package var notBefore: String
        package var notAfter: String
        /// Whole days until it expires; negative: since.
        package var daysLeft: Int
        package var state: Item.State
        package var keyKind: String
        /// SHA-256, hexadecimal.
        package var fingerprint: String
    }

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

    package init(listeners: [Listener], upstreams: [Upstream]? = nil, clients: [Clients]? = nil) {
        self.listeners = listeners
        self.upstreams = upstreams
        self.clients = clients
    }

    init(
        _ listeners: CertificateControl,
        _ upstreams: TLSClientStore,
        _ clients: ClientAuthorityStore,
        now: Int = time(nil)
    ) {
        self = listeners.report(now: now)
        self.upstreams = Self.upstreams(upstreams, now: now)
        self.clients = Self.clients(clients, now: now)
    }

    /// Nil: there are none.
    private static func upstreams(_ store: TLSClientStore, now: Int) -> [Upstream]? {
        let all = store.all.map { Upstream($0, now: now) }
        return all.isEmpty
            ? nil : all.sorted { ($0.ca ?? "", $0.serverName ?? "") < ($1.ca ?? "", $1.serverName ?? "") }
    }

    /// Nil: there are none.
    private static func clients(_ store: ClientAuthorityStore, now: Int) -> [Clients]? {
        let all = store.all.map { Clients($0, now: now) }
        return all.isEmpty ? nil : all.sorted { $0.ca < $1.ca }
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
            let shadowed = certificate.names.filter { !store.uses(certificate, for: $0) }
            return CertificatesReport.Item(
                certificate,
                shadowed: shadowed.map(\.description),
                isDefault: certificate === fallback,
                now: now
            )
        }
        problems = store.problems.map(CertificatesReport.Problem.init)
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
        (daysLeft, state) = Self.time(until: certificate.notAfter, now: now)
        keyKind = certificate.keyKind
        issuer = certificate.issuer
        chain = certificate.chainLength
        fingerprint = String(decoding: certificate.fingerprint.hexadecimal, as: UTF8.self)
        self.isDefault = isDefault
        inUse = certificate.isInUse
    }

    fileprivate static func time(until end: Int, now: Int) -> (daysLeft: Int, state: State) {
        let left = end - now
        let state: State = left < 0 ? .expired : left < CertificatesReport.soon ? .expiresSoon : .valid
        return (Int((Double(left) / 86_400).rounded(.down)), state)
    }
}

extension CertificatesReport.Upstream {
    /// - Parameter now: seconds since 1970.
    init(_ entry: TLSClientStore.Entry, now: Int) {
        ca = entry.files.authorities
        serverName = entry.files.serverName
        verify = entry.files.verifies
        authorities =
            entry.value.authorities?.authorities.map { CertificatesReport.Authority($0, now: now) } ?? []
        certificate = entry.value.certificate.map {
            CertificatesReport.Item($0, shadowed: [], isDefault: false, now: now)
        }
        problems = entry.problem.map { [CertificatesReport.Problem($0)] } ?? []
    }

    /// Of settings whose files cannot be used.
    package init(_ settings: UpstreamTLS, _ problem: CertificateProblem) {
        ca = settings.authorities
        serverName = settings.serverName
        verify = settings.verifies
        authorities = []
        problems = [CertificatesReport.Problem(problem)]
    }
}

extension CertificatesReport.Authority {
    fileprivate init(_ authority: TrustedAuthority, now: Int) {
        name = authority.name
        notBefore = CertificateTime.text(authority.notBefore)
        notAfter = CertificateTime.text(authority.notAfter)
        (daysLeft, state) = CertificatesReport.Item.time(until: authority.notAfter, now: now)
        keyKind = authority.keyKind
        fingerprint = String(decoding: authority.fingerprint.hexadecimal, as: UTF8.self)
    }
}

extension CertificatesReport {
    /// What a tier with these rules would load for targets with `https`. Blocks.
    ///
    /// - Parameter now: seconds since 1970.
    package static func upstreams(of plan: UpstreamTLSPlan, now: Int) -> [Upstream]? {
        var all: [Upstream] = []
        for settings in plan.needed {
            do throws(FileStoreFailure<UpstreamTLS>) {
                all += upstreams(try TLSClientStore([settings], now: now), now: now) ?? []
            } catch {
                all += error.problems.map { Upstream($0.files, $0.problem) }
            }
        }
        return all.isEmpty ? nil : all.sorted { ($0.ca ?? "") < ($1.ca ?? "") }
    }
}

extension CertificatesReport.Clients {
    /// - Parameter now: seconds since 1970.
    fileprivate init(_ entry: ClientAuthorityStore.Entry, now: Int) {
        ca = entry.files.path
        authorities = entry.value.authorities.map { CertificatesReport.Authority($0, now: now) }
        problems = entry.problem.map { [CertificatesReport.Problem($0)] } ?? []
    }

    /// Of a file that cannot be used.
    fileprivate init(_ problem: CertificateProblem) {
        ca = problem.path
        authorities = []
        problems = [CertificatesReport.Problem(problem)]
    }
}

extension CertificatesReport {
    /// What a tier with these files would load for the certificates of clients. Blocks.
    ///
    /// - Parameter now: seconds since 1970.
    package static func clients(of paths: Set<String>, now: Int) -> [Clients]? {
        var all: [Clients] = []
        for path in paths {
            do throws(CertificateFailure) {
                all += clients(try ClientAuthorityStore([path], now: now), now: now) ?? []
            } catch {
                all += error.problems.map { Clients($0) }
            }
        }
        return all.isEmpty ? nil : all.sorted { $0.ca < $1.ca }
    }
}

extension CertificatesReport.Problem {
    init(_ problem: CertificateProblem) {
        self.init(message: problem.description, hint: problem.hint, keepsOld: problem.keepsOld)
    }
}

extension CertificatesReport {
    /// Every file can be used, and nothing of it has expired but some authorities of endpoints, as those of a system may.
    /// All that could not be used when the files were last read.
    var problems: [Problem] {
        listeners.flatMap(\.problems) + (upstreams ?? []).flatMap(\.problems)
            + (clients ?? []).flatMap(\.problems)
    }

    package var isSound: Bool {
        listeners.allSatisfy { listener in
            listener.problems.isEmpty && listener.certificates.allSatisfy { $0.state != .expired }
        }
            && (upstreams ?? []).allSatisfy { $0.problems.isEmpty && $0.certificate?.state != .expired }
            && (clients ?? []).allSatisfy { file in
                file.problems.isEmpty && file.authorities.allSatisfy { $0.state != .expired }
            }
    }
}
