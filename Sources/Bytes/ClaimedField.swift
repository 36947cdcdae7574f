/// A field that programs believe when a proxy wrote it, and that anybody can write: Berth removes it where it comes
/// from a peer that is not trusted.
package enum ClaimedField: Sendable {
    /// In a request: who the client is, or which URL it requested.
    case claim
    /// In a response: a command to a proxy, to send a file for example. In a request: how the container shall write
    /// such a command.
    case directive
    /// In a request: which client certificate a tier has verified. No setting lets it pass from other peers.
    case identity
    /// Between tiers of Berth.
    case signal

    /// Names, and beginnings of names that end with `*`.
    package static let claims: [String] = [
        "X-Forwarded-*", "X-Original-*", "X-Rewrite-URL", "X-URL-Scheme", "X-HTTP-Host-Override",
        "Front-End-Https", "True-Client-IP", "X-Client-IP", "Client-IP", "X-Cluster-Client-IP",
        "CF-Connecting-IP", "Fastly-Client-IP",
    ]
    package static let identities: [String] = [
        "X-Client-Cert-*", "X-Client-Cert", "Client-Cert", "Client-Cert-*",
    ]
    package static let directives: [String] = [
        "X-Accel-*", "X-Sendfile*", "X-Lighttpd-Send-*", "X-Reproxy-*",
    ]

    /// In a response of a tier to another one: the request was sent nowhere.
    package static let unsent = "X-Berth-Unsent"

    /// In a request of a tier to another one: what was kept of the request with this id?
    package static let why = "X-Berth-Why"

    private struct Name: Sendable {
        let bytes: [UInt8]
        let isPrefix: Bool
        let field: ClaimedField
    }

    private static let names: [Name] = {
        func names(_ texts: [String], _ field: ClaimedField) -> [Name] {
            texts.map { text in
                let isPrefix = text.hasSuffix("*")
                let bytes = text.utf8.map(ASCII.lowercased)
                return Name(bytes: isPrefix ? bytes.dropLast() : bytes, isPrefix: isPrefix, field: field)
            }
        }
        return names(claims, .claim) + names(directives, .directive) + names(identities, .identity)
            + names([unsent, why], .signal)
    }()

    /// What a field of this name is; nil for all that pass.
    ///
    /// Names that differ only by another mark for a hyphen count, as for a program that compares names as CGI does.
    /// Called for each field that has no name of its own in Berth: no allocation.
    package static func of(_ name: Span<UInt8>) -> ClaimedField? {
        guard name.count >= 9 else { return nil }
        switch ASCII.lowercased(name[0]) {
        case UInt8(ascii: "x"): if ASCII.isLetterOrDigit(name[1]) { return nil }
        case UInt8(ascii: "c"), UInt8(ascii: "f"), UInt8(ascii: "t"): break
        default: return nil
        }
        for known in names where matches(name, known) { return known.field }
        return nil
    }

    private static func matches(_ name: Span<UInt8>, _ known: Name) -> Bool {
        let bytes = known.bytes
        guard known.isPrefix ? name.count >= bytes.count : name.count == bytes.count else { return false }
        for index in bytes.indices {
            let byte = name[index]
            let plain = ASCII.isLetterOrDigit(byte) ? ASCII.lowercased(byte) : ASCII.hyphen
            guard plain == bytes[index] else { return false }
        }
        return true
    }

    /// Whether the name has a mark other than a hyphen: only a reader of CGI's names takes it for the field.
    package static func isDisguised(_ name: Span<UInt8>) -> Bool {
        for index in name.indices where !ASCII.isLetterOrDigit(name[index]) && name[index] != ASCII.hyphen {
            return true
        }
        return false
    }
}
