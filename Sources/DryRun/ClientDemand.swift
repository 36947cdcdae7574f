import Routing

/// The certificate that a client shows in the handshake with the first tier.
package struct ClientDemand: Encodable, Sendable, Equatable {
    /// The files of the CAs that may have issued it; never empty.
    package let authorities: [String]
    /// The handshake fails without it.
    package let isRequired: Bool

    private enum CodingKeys: String, CodingKey {
        case authorities = "ca"
        case isRequired = "required"
    }

    /// Nil: the handshake requests none.
    init?(_ policy: HostClientPolicy) {
        guard policy.requestsCertificate else { return nil }
        authorities = policy.authorities
        isRequired = policy.isRequired
    }

    /// `required, of a CA in /etc/berth/staff.pem`
    var words: String {
        (isRequired ? "required" : "requested") + ", of a CA in " + authorities.joined(separator: " or ")
    }
}
