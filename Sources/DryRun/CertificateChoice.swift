/// Which certificate a client gets from the first tier, where that terminates TLS: found by whoever has a TLS library.
package struct CertificateChoice: Encodable, Sendable, Equatable {
    /// Nil: the client sends none, as for an address.
    package var serverName: String?
    /// The certificate's file; nil: the handshake is refused.
    package var file: String?
    /// All names of the certificate.
    package var names: [String]
    /// The name that covers the server name; nil: it is the default certificate.
    package var covering: String?
    /// A wildcard that would cover the server name if it had fewer labels.
    package var shallow: String?
    /// `2026-11-29T20:48:21Z`
    package var notAfter: String?
    /// What the client has to show; nil: nothing.
    package internal(set) var client: ClientDemand?

    private enum CodingKeys: String, CodingKey {
        case serverName = "server_name"
        case file, names, covering, shallow
        case notAfter = "not_after"
        case client = "client_certificate"
    }

    package init(
        serverName: String?,
        file: String?,
        names: [String],
        covering: String?,
        shallow: String?,
        notAfter: String?
    ) {
        self.serverName = serverName
        self.file = file
        self.names = names
        self.covering = covering
        self.shallow = shallow
        self.notAfter = notAfter
    }

    /// What the client gets, for people: `/etc/berth/star.pem for *.test.priv, until 2026-11-29`.
    var words: String {
        guard let file else { return "none: \(refusal)" }
        let until = notAfter.map { ", until \($0.prefix(10))" } ?? ""
        guard let covering else {
            let wanted = serverName.map { "`\($0)`" } ?? "a client without a server name"
            return "\(file), the default for \(wanted)\(until)"
        }
        return "\(file) for \(covering)\(until)"
    }

    /// Why a browser shows a warning; nil: it does not.
    var warning: String? {
        guard file != nil, covering == nil, let serverName else { return nil }
        return "the default certificate does not cover `\(serverName)`: browsers show a warning" + depth
    }

    /// Why there is no certificate.
    var refusal: String {
        guard let serverName else {
            return "the client sends no server name, and `tls` names no `default` (alert unrecognized_name)"
        }
        return "no certificate covers `\(serverName)`, and `tls` names no `default` (alert unrecognized_name)"
            + depth
    }

    private var depth: String {
        shallow.map { "; the wildcard `\($0)` stands for one label" } ?? ""
    }
}
