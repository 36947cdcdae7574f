import COpenSSL
import Glibc
import Routing
package import ServerNames

/// A certificate of OpenSSL's, released with this.
package final class X509Certificate {
    package let pointer: OpaquePointer

    /// - Parameter pointer: `X509 *`, whose reference this takes over.
    package init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { X509_free(pointer) }

    /// The pointer with a reference of its own, which whoever calls this releases.
    package func retained() -> OpaquePointer {
        X509_up_ref(pointer)
        return pointer
    }

    /// Nil: the block is not a valid certificate.
    package convenience init?(_ block: PEMBlock, in file: [UInt8]) {
        // A block with a password is an error: nobody is there to enter it.
        let pointer = block.read(in: file) { PEM_read_bio_X509($0, nil, { _, _, _, _ in 0 }, nil) }
        guard let pointer else { return nil }
        self.init(owning: pointer)
    }

    package convenience init?(der: [UInt8]) {
        defer { ERR_clear_error() }
        let pointer = der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return d2i_X509(nil, &next, bytes.count)
        }
        guard let pointer else { return nil }
        self.init(owning: pointer)
    }

    /// Nil: out of memory.
    package var der: [UInt8]? {
        let count = i2d_X509(pointer, nil)
        guard count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let written = bytes.withUnsafeMutableBufferPointer { buffer in
            var next = buffer.baseAddress
            return i2d_X509(pointer, &next)
        }
        return written == count ? bytes : nil
    }

    /// SHA-256 of the whole certificate; empty where it cannot be computed.
    package var fingerprint: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard X509_digest(pointer, EVP_sha256(), &bytes, &count) == 1 else { return [] }
        return Array(bytes.prefix(Int(count)))
    }

    /// Seconds since 1970; nil where the time is malformed.
    package var notBefore: Int? { Self.seconds(X509_get0_notBefore(pointer)) }
    /// Seconds since 1970; nil where the time is malformed.
    package var notAfter: Int? { Self.seconds(X509_get0_notAfter(pointer)) }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return timegm(&parts)
    }

    /// The issuer in one line: `CN=R11,O=Let's Encrypt,C=US`.
    package var issuer: String { Self.text(X509_get_issuer_name(pointer)) }

    /// Its owner in one line: `CN=front`.
    package var subject: String { Self.text(X509_get_subject_name(pointer)) }

    /// `X509_NAME *`, which lives as long as this.
    package var subjectName: OpaquePointer? { X509_get_subject_name(pointer) }

    private static func text(_ name: OpaquePointer?) -> String {
        let bytes = bytes(name, berth_name_flags(), limit: 1024) ?? []
        return String(decoding: bytes.prefix(1024), as: UTF8.self)
    }

    /// - Parameter limit: bytes that are read at most, and one more.
    private static func bytes(_ name: OpaquePointer?, _ flags: UInt, limit: Int) -> [UInt8]? {
        defer { ERR_clear_error() }
        guard let name, let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard X509_NAME_print_ex(bio, name, 0, flags) >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(0, count))))
    }

    /// The subject as RFC 2253 writes it, with all bytes but printable ASCII escaped; may be empty.
    ///
    /// - Returns: nil: it is longer than `limit` bytes, or memory is short. What is cut off could be another's.
    package func subject(limit: Int) -> [UInt8]? {
        guard let bytes = Self.bytes(X509_get_subject_name(pointer), berth_subject_flags(), limit: limit),
            bytes.count <= limit, bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { return nil }
        return bytes
    }

    /// It is the certificate of a CA: its key may sign certificates.
    package var isAuthority: Bool {
        defer { ERR_clear_error() }
        return X509_check_ca(pointer) == 1
    }

    /// The bits of security of its signature; nil where that does not matter: it is signed by its own key.
    package var signatureSecurityBits: Int? {
        defer { ERR_clear_error() }
        guard X509_get_extension_flags(pointer) & UInt32(EXFLAG_SS) == 0 else { return nil }
        var bits: Int32 = 0
        guard X509_get_signature_info(pointer, nil, nil, &bits, nil) == 1, bits >= 0 else { return nil }
        return Int(bits)
    }

    /// The kind of its key (`EVP_PKEY_EC`).
    var kind: Int32 { X509_get0_pubkey(pointer).map { EVP_PKEY_get_base_id($0) } ?? EVP_PKEY_NONE }

    /// The bits of security of its key; 0 where it cannot be read.
    package var keySecurityBits: Int {
        guard let key = X509_get0_pubkey(pointer) else { return 0 }
        return Int(EVP_PKEY_get_security_bits(key))
    }

    /// `RSA 2048`, `EC 256`, `ED25519`
    package var keyKind: String {
        guard let key = X509_get0_pubkey(pointer) else { return "" }
        let bits = EVP_PKEY_get_bits(key)
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: return "RSA \(bits)"
        case EVP_PKEY_RSA_PSS: return "RSA-PSS \(bits)"
        case EVP_PKEY_EC: return "EC \(bits)"
        case EVP_PKEY_ED25519: return "ED25519"
        case EVP_PKEY_ED448: return "ED448"
        default: return "other \(bits)"
        }
    }
}

extension X509Certificate {
    /// The names of its subjectAltName that a server name can be compared with. Where it has none of any kind that
    /// counts, the common names of its subject, as OpenSSL does.
    package var names: [CertificateName] {
        defer { ERR_clear_error() }
        var (names, hasNames) = readAlternativeNames()
        if hasNames { return names }
        let subject = X509_get_subject_name(pointer)
        var index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
        while index >= 0 {
            if let entry = X509_NAME_get_entry(subject, index), let value = X509_NAME_ENTRY_get_data(entry),
                let name = Self.name(Self.bytes(OpaquePointer(value))), !names.contains(name)
            {
                names.append(name)
            }
            index = X509_NAME_get_index_by_NID(subject, NID_commonName, index)
        }
        return names
    }

    /// The names of its subjectAltName alone (RFC 9525 §6.1).
    package var alternativeNames: [CertificateName] {
        defer { ERR_clear_error() }
        return readAlternativeNames().names
    }

    /// - Returns: also whether it has any of a kind that counts.
    private func readAlternativeNames() -> (names: [CertificateName], hasNames: Bool) {
        var names: [CertificateName] = []
        var hasNames = false
        if let list = X509_get_ext_d2i(pointer, NID_subject_alt_name, nil, nil) {
            let list = OpaquePointer(list)
            defer { GENERAL_NAMES_free(list) }
            for index in 0..<max(0, OPENSSL_sk_num(list)) {
                guard let item = OPENSSL_sk_value(list, index) else { continue }
                var kind: Int32 = 0
                let general = item.assumingMemoryBound(to: GENERAL_NAME.self)
                guard let value = GENERAL_NAME_get0_value(general, &kind),
                    kind == GEN_DNS || kind == GEN_IPADD
                else { continue }
                hasNames = true
                let bytes = Self.bytes(OpaquePointer(value))
                let name =
                    kind == GEN_DNS
                    ? Self.name(bytes) : IPAddress(networkBytes: bytes).map(CertificateName.address)
                if let name, !names.contains(name) { names.append(name) }
            }
        }
        return (names, hasNames)
    }

    private static func name(_ bytes: [UInt8]) -> CertificateName? {
        guard let name = CertificateName(String(decoding: bytes, as: UTF8.self)) else { return nil }
        // A DNS name that is written like an address is no address (RFC 9525 §6.2).
        if case .address = name { return nil }
        return name
    }

    static func bytes(_ text: OpaquePointer) -> [UInt8] {
        let text = UnsafePointer<ASN1_STRING>(text)
        let count = Int(max(0, ASN1_STRING_length(text)))
        guard count > 0, let data = ASN1_STRING_get0_data(text) else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: count))
    }
}
