import ServerNames
import Settings
import Testing

@testable import TLS

/// What of a file is checked before it is used, and what is reported.
@Suite struct CertificateReaderTests {
    private let folder: TestFolder
    private let authority = TestAuthority()
    private let good: TestAuthority.Issued

    init() throws {
        folder = try TestFolder()
        good = authority.issue(["DNS:www.test.priv"])
    }

    private func read(_ certificate: String, _ key: String? = nil) throws -> Certificate {
        var reader = CertificateReader()
        let files = CertificateSettings.Pair(
            certificate: folder[certificate],
            key: folder[key ?? certificate]
        )
        return try reader.read(files, now: Int(Self.now))
    }

    private static var now: Int { CertificateStoreTests.now }

    /// What is reported, without the folder's own path.
    private func problem(_ certificate: String, _ key: String? = nil) throws -> String {
        let error = #expect(throws: CertificateProblem.self) { _ = try read(certificate, key) }
        return try #require(error).description.replacing(folder.path + "/", with: "")
    }

    @Test func `A certificate has its names, its life, its key and its chain`() throws {
        let issued = authority.issue([
            "DNS:WWW.test.priv", "DNS:*.test.priv", "IP:10.0.0.1", "IP:::1", "email:a@b",
        ])
        try folder.write("a.pem", issued.certificate + authority.pem)
        try folder.write("a.key", issued.key)
        let read = try read("a.pem", "a.key")
        #expect(read.names.map(\.description) == ["www.test.priv", "*.test.priv", "10.0.0.1", "::1"])
        #expect(read.isValid(at: Self.now) && !read.isValid(at: Self.now + 91 * 86_400))
        #expect(read.notAfter - read.notBefore == 91 * 86_400)
        #expect(read.keyKind == "EC 256" && read.chainLength == 2 && read.fingerprint.count == 32)
        #expect(read.issuer == "CN=test-ca")
    }

    @Test func `OpenSSL's objects are made when they are first needed`() throws {
        try folder.write("a.pem", good.certificate + authority.pem)
        try folder.write("a.key", good.key)
        let read = try read("a.pem", "a.key")
        #expect(!read.isInUse)
        let objects = try #require(read.objects())
        #expect(read.isInUse && read.objects() === objects)
    }

    @Test(arguments: [1, 2, 3])
    func `Keys of each kind can be read again from their compact form`(kind: Int) throws {
        let issued = kind == 1 ? good : authority.issue(["DNS:a.b"], key: .rsa(bits: kind == 2 ? 2048 : 3072))
        try folder.write("a.pem", issued.certificate + issued.key)
        let read = try read("a.pem")
        #expect(read.keyKind == ["EC 256", "RSA 2048", "RSA 3072"][kind - 1])
        #expect(read.objects() != nil)
    }

    @Test func `Certificate and key may be one file, in either order`() throws {
        try folder.write("a.pem", good.key + good.certificate)
        try folder.write("b.pem", good.certificate + good.key)
        #expect(try read("a.pem").fingerprint == read("b.pem").fingerprint)
    }

    @Test func `Without a subjectAltName the common name counts`() throws {
        try folder.write("a", authority.issue([], subject: "*.test.priv"))
        #expect(try read("a.pem", "a.key").names.map(\.description) == ["*.test.priv"])
        try folder.write("b", authority.issue(["DNS:a.b"], subject: "www.test.priv"))
        #expect(try read("b.pem", "b.key").names.map(\.description) == ["a.b"])
    }

    @Test func `Each file that cannot be used is named, with the line and the reason`() throws {
        try folder.write("good", good)
        try folder.write("other", authority.issue(["DNS:other.test.priv"]))
        try folder.write("empty", "")
        try folder.write("text", "no certificate\n")
        try folder.write("cut", String(good.certificate.dropLast(40)))
        try folder.write("garbage", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
        try folder.write(
            "second",
            good.certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        )
        try folder.write("badkey", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        try folder.write("locked", TestAuthority.locked(good.key))
        try folder.write("reversed", authority.pem + good.certificate)

        #expect(try problem("missing.pem", "good.key") == "missing.pem: does not exist")
        #expect(try problem("good.pem", "missing.key") == "missing.key: does not exist")
        #expect(try problem("empty", "good.key") == "empty: is empty")
        #expect(try problem("good.pem", "empty") == "empty: is empty")
        #expect(try problem("text", "good.key") == "text: is not a certificate in PEM form")
        #expect(try problem("good.pem", "text") == "text: is not a private key in PEM form")
        #expect(try problem("good.key", "good.key") == "good.key:1: is a private key, not a certificate")
        #expect(try problem("cut", "good.key") == "cut:1: the block `CERTIFICATE` has no end")
        #expect(try problem("garbage", "good.key") == "garbage:1: is not a valid certificate")
        let lines = good.certificate.split(separator: "\n").count
        #expect(try problem("second", "good.key") == "second:\(lines + 1): is not a valid certificate")
        #expect(try problem("good.pem", "badkey") == "badkey:1: is not a valid private key")
        #expect(try problem("good.pem", "locked") == "locked:1: the private key has a password")
        #expect(try problem("good.pem") == "good.pem: has no private key")
        #expect(
            try problem("good.pem", "other.key")
                == "other.key:1: is not the key of the certificate in good.pem"
        )
        let second = authority.pem.split(separator: "\n").count + 1
        #expect(
            try problem("reversed", "good.key")
                == "reversed:\(second): the server's own certificate is not the first of its file"
        )
        #expect(try problem(".", "good.key") == ".: cannot be read: Is a directory")
    }

    @Test func `A certificate must be valid now, have a name, and be strong enough`() throws {
        try folder.write("expired", authority.issue(["DNS:a.b"], days: -90 ... -1))
        try folder.write("future", authority.issue(["DNS:a.b"], days: 2...90))
        try folder.write("nameless", authority.issue(["email:a@b.c"], subject: "A Server"))
        try folder.write("weak", authority.issue(["DNS:a.b"], key: .rsa(bits: 1024)))
        #expect(try problem("expired.pem", "expired.key").hasPrefix("expired.pem:1: expired on 20"))
        #expect(try problem("future.pem", "future.key").hasPrefix("future.pem:1: is not valid before 20"))
        #expect(try problem("nameless.pem", "nameless.key") == "nameless.pem:1: has no name of a server")
        #expect(
            try problem("weak.pem", "weak.key") == "weak.pem:1: has a key that is too weak: RSA 1024"
        )
    }

    @Test func `A file without an end is refused`() throws {
        try folder.write("many", String(repeating: good.certificate, count: 17))
        try folder.write("large", String(repeating: "#\n", count: CertificateReader.maxFileBytes))
        try folder.write("good", good)
        #expect(try problem("many", "good.key") == "many: has more than 16 certificates")
        #expect(try problem("large", "good.key") == "large: cannot be read: larger than 1 MiB")
    }
}
