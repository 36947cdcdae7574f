import Bytes
import COpenSSL

extension X509Certificate {
    /// A name of a subjectAltName by which somebody is known.
    package enum Identity: Equatable, Sendable {
        /// In lower case.
        case host([UInt8])
        case email([UInt8])
        case uri([UInt8])
    }

    /// The hosts, addresses of email and URIs of its subjectAltName, as far as they are printable ASCII; at most `limit`.
    package func identities(limit: Int) -> [Identity] {
        defer { ERR_clear_error() }
        guard let list = X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(list)
        defer { GENERAL_NAMES_free(names) }
        var identities: [Identity] = []
        for index in 0..<max(0, OPENSSL_sk_num(names)) where identities.count < limit {
            guard let item = OPENSSL_sk_value(names, index) else { continue }
            var kind: Int32 = 0
            guard
                let value = GENERAL_NAME_get0_value(item.assumingMemoryBound(to: GENERAL_NAME.self), &kind),
                kind == GEN_DNS || kind == GEN_EMAIL || kind == GEN_URI
            else { continue }
            let bytes = Self.bytes(OpaquePointer(value))
            // Another byte, such as a NUL, would end the name for whoever compares it as a text.
            guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { continue }
            switch kind {
            case GEN_DNS: identities.append(.host(bytes.map(ASCII.lowercased)))
            case GEN_EMAIL: identities.append(.email(bytes))
            default: identities.append(.uri(bytes))
            }
        }
        return identities
    }
}
