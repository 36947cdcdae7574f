import COpenSSL
import Foundation

/// Certificates for tests, made with OpenSSL.
final class TestAuthority {
    enum Key {
        case ec
        case rsa(bits: Int)
    }

    /// A certificate and its key, PEM.
    struct Issued {
        var certificate: String
        var key: String
    }

    let certificate: OpaquePointer
    private let key: OpaquePointer

    /// - Parameter isAuthority: false: its certificate does not say that it is a CA's.
    init(name: String = "test-ca", days: ClosedRange<Int> = 0...3650, isAuthority: Bool = true) {
        key = Self.makeKey(.ec)
        certificate = Self.make(
            subject: name,
            names: [],
            key: key,
            issuer: nil,
            days: days,
            digest: EVP_sha256(),
            extensions: isAuthority ? [(NID_basic_constraints, "critical,CA:TRUE")] : []
        )
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    var pem: String { Self.pem(certificate) }

    /// - Parameters:
    ///   - names: `DNS:www.test.priv`, `IP:10.0.0.1`; empty: no subjectAltName.
    ///   - days: when it begins and ends, from now.
    func issue(
        _ names: [String],
        subject: String = "test",
        key kind: Key = .ec,
        days: ClosedRange<Int> = -1...90,
        digest: OpaquePointer? = EVP_sha256(),
        usage: String? = nil
    ) -> Issued {
        let own = Self.makeKey(kind)
        defer { EVP_PKEY_free(own) }
        let made = Self.make(
            subject: subject,
            names: names,
            key: own,
            issuer: (certificate, key),
            days: days,
            digest: digest,
            extensions: usage.map { [(NID_ext_key_usage, $0)] } ?? []
        )
        defer { X509_free(made) }
        return Issued(certificate: Self.pem(made), key: Self.pem(key: own))
    }

    /// A certificate that its own key has signed.
    static func selfSigned(_ names: [String], subject: String = "self") -> Issued {
        let own = makeKey(.ec)
        defer { EVP_PKEY_free(own) }
        let made = make(
            subject: subject,
            names: names,
            key: own,
            issuer: nil,
            days: -1...90,
            digest: EVP_sha256(),
            extensions: [(NID_basic_constraints, "critical,CA:TRUE")]
        )
        defer { X509_free(made) }
        return Issued(certificate: pem(made), key: pem(key: own))
    }

    private static func makeKey(_ kind: Key) -> OpaquePointer {
        let (id, context): (Int32, OpaquePointer?) =
            switch kind {
            case .ec: (EVP_PKEY_EC, EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil))
            case .rsa: (EVP_PKEY_RSA, EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nil))
            }
        defer { EVP_PKEY_CTX_free(context) }
        EVP_PKEY_keygen_init(context)
        switch kind {
        case .ec: EVP_PKEY_CTX_set_group_name(context, "prime256v1")
        case .rsa(let bits): EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits))
        }
        var key: OpaquePointer?
        EVP_PKEY_keygen(context, &key)
        guard let key else { fatalError("no key of kind \(id)") }
        return key
    }

    private static func make(
        subject: String,
        names: [String],
        key: OpaquePointer,
        issuer: (certificate: OpaquePointer, key: OpaquePointer)?,
        days: ClosedRange<Int>,
        digest: OpaquePointer?,
        extensions: [(id: Int32, value: String)] = []
    ) -> OpaquePointer {
        guard let made = X509_new() else { fatalError("out of memory") }
        X509_set_version(made, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(made), Int.random(in: 1..<1 << 40))
        X509_time_adj_ex(X509_getm_notBefore(made), Int32(days.lowerBound), 0, nil)
        X509_time_adj_ex(X509_getm_notAfter(made), Int32(days.upperBound), 0, nil)
        let name = X509_get_subject_name(made)
        _ = subject.withCString { text in
            text.withMemoryRebound(to: UInt8.self, capacity: subject.utf8.count) {
                X509_NAME_add_entry_by_txt(name, "CN", 0x1000 | 1, $0, -1, -1, 0)
            }
        }
        X509_set_issuer_name(made, issuer.map { X509_get_subject_name($0.certificate) } ?? name)
        X509_set_pubkey(made, key)
        var extensions = extensions
        if !names.isEmpty { extensions.append((NID_subject_alt_name, names.joined(separator: ","))) }
        for (id, value) in extensions {
            let extra = X509V3_EXT_nconf_nid(nil, nil, id, value)
            X509_add_ext(made, extra, -1)
            X509_EXTENSION_free(extra)
        }
        precondition(X509_sign(made, issuer?.key ?? key, digest) > 0)
        return made
    }

    private static func pem(_ certificate: OpaquePointer) -> String {
        text { PEM_write_bio_X509($0, certificate) }
    }

    private static func pem(key: OpaquePointer) -> String {
        text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    /// A key with a password.
    static func locked(_ pem: String) -> String {
        let bytes = Array(pem.utf8)
        guard let bio = BIO_new_mem_buf(bytes, Int32(bytes.count)),
            let key = PEM_read_bio_PrivateKey(bio, nil, nil, nil)
        else { return "" }
        defer {
            BIO_free(bio)
            EVP_PKEY_free(key)
        }
        var password = Array("secret".utf8)
        return text {
            PEM_write_bio_PrivateKey($0, key, EVP_aes_128_cbc(), &password, Int32(password.count), nil, nil)
        }
    }

    private static func text(_ write: (OpaquePointer?) -> Int32) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        precondition(write(bio) == 1)
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(max(0, count))), as: UTF8.self)
    }
}

/// A folder of a test, removed with it.
final class TestFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "berth-tls-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file as a whole, as tools do: a new one is renamed over it.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = self[name]
        let above = URL(filePath: file).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: above, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    func write(_ name: String, _ issued: TestAuthority.Issued, chain: String = "") throws {
        try write(name + ".pem", issued.certificate + chain)
        try write(name + ".key", issued.key)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: self[name]) }

    subscript(_ name: String) -> String { "\(path)/\(name)" }
}
