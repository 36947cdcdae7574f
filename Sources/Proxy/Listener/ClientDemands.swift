import Bytes
import Glibc
import ProxyCore
import Routing
import ServerNames
import TLS

/// What the handshakes of one listener demand of clients: decided by the rules about the server name.
struct ClientDemands {
    let authorities: ClientAuthorityStore
    /// Of the listener, with its policy for rules without one of their own, and for names without a rule.
    let listener: ListenerFacts

    /// - Parameter name: nil where the client sends none.
    /// - Returns: nil: nothing is demanded.
    /// - Throws: CAs that the rules name have not been read: never a handshake without them.
    func verification(
        for name: ServerName?,
        _ stages: RequestStages
    ) throws(TLSFailure) -> ClientVerification? {
        let policy = stages.clientPolicy(of: name?.asHost, standard: listener.clientCertificates)
        guard policy.requestsCertificate else { return nil }
        var found: [TrustedAuthorities] = []
        for path in policy.authorities {
            guard let known = authorities[path] else {
                throw TLSFailure("client_ca_missing", "the CAs of the clients have not been read")
            }
            found.append(known)
        }
        return ClientVerification(policy, found)
    }
}

extension ServerName {
    /// As rules see it; nil: no rule can match it.
    fileprivate var asHost: HostName? {
        switch self {
        case .host(let host): host
        case .address(let address): try? HostName(address.isIPv4 ? "\(address)" : "[\(address)]")
        }
    }
}

extension ClientAuthorityStore {
    /// Notes what a handshake has settled, for the requests of its connection.
    func note(_ end: TLSEstablished, in security: ConnectionSecurity) {
        let client = end.client.map { certificate in
            let verified = VerifiedClient(certificate, self, by: end.verification)
            return ClientIdentity(
                subject: certificate.subject,
                fingerprint: verified.fingerprint,
                hasName: { certificate.has($0) },
                isFrom: { verified.isFrom($0) }
            )
        }
        security.establish(serverName: end.serverName?.asHost, policy: end.policy, client: client)
    }
}

/// The certificate of a connection, and which CAs have been found to have issued it: not verified for each request.
///
/// Used on one event loop alone.
private final class VerifiedClient {
    private let certificate: ClientCertificate
    private let store: ClientAuthorityStore
    /// What was verified last; other CAs, as after their file has changed, are verified when a request needs them.
    private var last: (authorities: TrustedAuthorities, isFrom: Bool)?

    init(
        _ certificate: ClientCertificate,
        _ store: ClientAuthorityStore,
        by verification: ClientVerification?
    ) {
        self.certificate = certificate
        self.store = store
        if let verification, verification.authorities.count == 1 {
            last = verification.authorities.first.map { ($0, true) }
        }
    }

    /// Hexadecimal, in lower case.
    var fingerprint: [UInt8] { certificate.fingerprint.hexadecimal }

    func isFrom(_ path: String) -> Bool {
        guard let authorities = store[path], time(nil) <= certificate.notAfter else { return false }
        if let last, last.authorities === authorities { return last.isFrom }
        let isFrom = certificate.isFrom(authorities)
        last = (authorities, isFrom)
        return isFrom
    }
}
