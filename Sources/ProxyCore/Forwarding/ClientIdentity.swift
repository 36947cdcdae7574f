import Routing

/// Who the client is, by the certificate that it has proved to have the key of.
///
/// Used on one event loop or thread alone.
package final class ClientIdentity {
    /// The subject as RFC 2253 writes it: printable ASCII.
    package let subject: [UInt8]
    /// SHA-256 of the certificate, hexadecimal, in lower case.
    package let fingerprint: [UInt8]
    /// Whether the CAs in a file have issued the certificate, and it is valid now.
    private let isFrom: (_ authorities: String) -> Bool
    /// Whether a name of the certificate, or its subject, is this one.
    private let hasName: (_ name: String) -> Bool

    package init(
        subject: [UInt8],
        fingerprint: [UInt8],
        hasName: @escaping (_ name: String) -> Bool = { _ in false },
        isFrom: @escaping (_ authorities: String) -> Bool
    ) {
        self.subject = subject
        self.fingerprint = fingerprint
        self.hasName = hasName
        self.isFrom = isFrom
    }

    func isFrom(_ policy: ClientCertificates) -> Bool { isFrom(policy.authorities) }

    /// Whether the certificate has one of the names that the policy allows.
    func hasName(of policy: ClientCertificates) -> Bool {
        policy.names.isEmpty || policy.names.contains(where: hasName)
    }

    /// The fields that tell a container who the client is.
    static let subjectName = Array("X-Client-Cert-Subject".utf8)
    static let fingerprintName = Array("X-Client-Cert-Fingerprint".utf8)
    static let fingerprintDigits = 64

    /// The fields as another proxy would send them.
    package var fields: [(name: String, value: String)] {
        [(Self.subjectName, subject), (Self.fingerprintName, fingerprint)].map { name, value in
            (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    /// For tools that follow requests without connections: a client with whatever certificate is needed.
    package static func any() -> ClientIdentity {
        ClientIdentity(
            subject: Array("CN=any client".utf8),
            fingerprint: Array(repeating: UInt8(ascii: "0"), count: fingerprintDigits),
            hasName: { _ in true },
            isFrom: { _ in true }
        )
    }
}
