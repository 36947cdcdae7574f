/// What clients of a server name are offered: a certificate, and one with another kind of key beside it, of which OpenSSL takes the one
/// that suits the client's signature algorithms (RFC 8446 §4.4.2.2).
package struct OfferedCertificates: Sendable {
    package let certificate: Certificate
    /// With RSA beside EC, for example; nil: there is none.
    package private(set) var alternative: Certificate?

    package init(_ certificate: Certificate) { self.certificate = certificate }

    /// Adds a certificate for the same name, if it has another kind of key and is the first of that.
    mutating func add(_ other: Certificate) {
        guard alternative == nil, other !== certificate, other.keyAlgorithm != certificate.keyAlgorithm else {
            return
        }
        alternative = other
    }

    /// One of the two.
    func has(_ certificate: Certificate) -> Bool {
        self.certificate === certificate || alternative === certificate
    }
}

extension Certificate {
    /// `RSA`, `EC`
    var keyAlgorithm: Substring { keyKind.prefix { $0 != " " } }
}
