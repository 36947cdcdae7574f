import COpenSSL
import Glibc
import ServerNames
import Settings
import Testing

@testable import TLS

@Suite struct CertificateStoreTests {
    static var now: Int { time(nil) }

    private let folder: TestFolder
    private let authority = TestAuthority()

    init() throws {
        folder = try TestFolder()
    }

    private func pair(_ name: String) -> CertificateSettings.Pair {
        CertificateSettings.Pair(certificate: folder[name + ".pem"], key: folder[name + ".key"])
    }

    /// The file of the certificate that a name gets, without folder and ending.
    private func file(_ store: CertificateStore, _ name: String?) throws -> String? {
        let found = store.certificate(for: try name.map { try #require(ServerName($0)) })
        return found?.files.certificate.replacing(folder.path + "/", with: "").replacing(".pem", with: "")
    }

    /// What is reported, without the folder's own path.
    private func words(_ problems: [CertificateProblem]) -> [String] {
        problems.map {
            $0.description.replacing(folder.path + "/", with: "").replacing(folder.path, with: ".")
                + ($0.keepsOld ? " (kept)" : "")
        }
    }

    // MARK: Names

    @Test func `The most specific name wins, and other names are refused`() throws {
        try folder.write("star", authority.issue(["DNS:*.test.priv"]))
        try folder.write("www", authority.issue(["DNS:www.test.priv", "IP:10.0.0.1"]))
        try folder.write("deep", authority.issue(["DNS:*.a.test.priv"]))
        let store = try CertificateStore(
            CertificateSettings(pairs: [pair("star"), pair("www"), pair("deep")])
        )
        #expect(try file(store, "www.test.priv") == "www")
        #expect(try file(store, "api.test.priv") == "star")
        #expect(try file(store, "b.a.test.priv") == "deep")
        #expect(try file(store, "10.0.0.1") == "www")
        for name in ["test.priv", "c.b.a.test.priv", "other.priv", "10.0.0.2", nil] {
            #expect(try file(store, name) == nil, "\(name ?? "no name")")
        }
    }

    @Test func `Other names get a default only if it is named`() throws {
        try folder.write("star", authority.issue(["DNS:*.test.priv"]))
        try folder.write("www", authority.issue(["DNS:www.other.priv"]))
        for (name, expected) in [
            ("*.test.priv", "star"), ("api.test.priv", "star"), ("www.other.priv", "www"),
        ] {
            let settings = CertificateSettings(pairs: [pair("star"), pair("www")], defaultName: name)
            let store = try CertificateStore(settings)
            for other in ["a.b.test.priv", "10.0.0.1", nil] { #expect(try file(store, other) == expected) }
        }
        let failure = #expect(throws: CertificateFailure.self) {
            _ = try CertificateStore(CertificateSettings(pairs: [pair("star")], defaultName: "www.test.org"))
        }
        #expect(failure?.description == "default: www.test.org: no certificate has this name")
    }

    @Test func `It is explained why a name gets no certificate, or the default's`() throws {
        try folder.write("star", authority.issue(["DNS:*.test.priv"]))
        let store = try CertificateStore(CertificateSettings(pairs: [pair("star")]))
        let deep = store.explanation(for: ServerName("a.b.test.priv"))
        #expect(deep.certificate == nil && deep.shallow?.description == "*.test.priv")
        let covered = store.explanation(for: ServerName("a.test.priv"))
        #expect(covered.covering?.description == "*.test.priv" && covered.shallow == nil)
    }

    // MARK: The start

    @Test func `Every file that cannot be used is an error at the start`() throws {
        try folder.write("good", authority.issue(["DNS:a.test.priv"]))
        try folder.write("expired", authority.issue(["DNS:b.test.priv"], days: -9 ... -1))
        let failure = #expect(throws: CertificateFailure.self) {
            _ = try CertificateStore(
                CertificateSettings(
                    pairs: [pair("good"), pair("expired"), pair("missing")],
                    folders: [folder["nothing"]]
                )
            )
        }
        let problems = words(try #require(failure).problems)
        #expect(problems.count == 3)
        #expect(problems[0].hasPrefix("expired.pem:1: expired on"))
        #expect(problems[1...] == ["missing.pem: does not exist", "nothing: this folder does not exist"])
    }

    // MARK: Reload

    @Test func `A new certificate is in force after a reload, and unchanged ones stay as they are`() throws {
        try folder.write("a", authority.issue(["DNS:a.test.priv"]))
        try folder.write("b", authority.issue(["DNS:b.test.priv"]))
        let store = try CertificateStore(CertificateSettings(pairs: [pair("a"), pair("b")]))
        let before = store.certificates
        #expect(store.reload().isEmpty)
        #expect(store.certificates[0] === before[0] && store.certificates[1] === before[1])
        try folder.write("a", authority.issue(["DNS:a2.test.priv"]))
        #expect(CertificateStates(store.settings) != store.states)
        #expect(store.reload().isEmpty)
        #expect(try file(store, "a2.test.priv") == "a" && file(store, "a.test.priv") == nil)
        #expect(store.certificates[1] === before[1])
        #expect(CertificateStates(store.settings) == store.states)
    }

    @Test func `A pair that is replaced half-way keeps the old one, and says so`() throws {
        let first = authority.issue(["DNS:a.test.priv"])
        let second = authority.issue(["DNS:a.test.priv"])
        try folder.write("a", first)
        let store = try CertificateStore(CertificateSettings(pairs: [pair("a")], defaultName: "a.test.priv"))
        let old = store.certificate(for: nil)
        try folder.write("a.pem", second.certificate)
        #expect(words(store.reload()) == ["a.key:1: is not the key of the certificate in a.pem (kept)"])
        #expect(store.certificate(for: nil) === old && store.problems.count == 1)
        // The states are those of the files: the problem is not found again and again by the watch.
        #expect(CertificateStates(store.settings) == store.states)
        try folder.write("a.key", second.key)
        #expect(store.reload().isEmpty && store.problems.isEmpty)
        #expect(store.certificate(for: nil) !== old && store.certificate(for: nil)?.objects() != nil)
    }

    @Test func `Whatever a file becomes, the old certificate is kept until there is a good one`() throws {
        let good = authority.issue(["DNS:a.test.priv"])
        try folder.write("a", good)
        let store = try CertificateStore(CertificateSettings(pairs: [pair("a")]))
        let old = store.certificates[0]
        let expired = authority.issue(["DNS:a.test.priv"], days: -9 ... -1)
        for (certificate, key) in [
            ("", good.key), (good.certificate, ""), ("garbage", good.key), (good.certificate, "garbage"),
            (String(good.certificate.dropLast(30)), good.key), (expired.certificate, expired.key),
            (good.certificate, TestAuthority.locked(good.key)), (good.key, good.certificate),
        ] {
            try folder.write("a", TestAuthority.Issued(certificate: certificate, key: key))
            let problems = store.reload()
            #expect(problems.count == 1 && problems.allSatisfy(\.keepsOld), "\(words(problems))")
            #expect(store.certificate(for: ServerName("a.test.priv")) === old)
        }
        try folder.remove("a.pem")
        #expect(words(store.reload()) == ["a.pem: does not exist (kept)"])
        try folder.write("a", good)
        #expect(store.reload().isEmpty)
        #expect(store.certificate(for: ServerName("a.test.priv"))?.fingerprint == old.fingerprint)
    }

    @Test func `A certificate that expires stays, and each reload says so`() throws {
        try folder.write("a", authority.issue(["DNS:a.test.priv"]))
        let store = try CertificateStore(CertificateSettings(pairs: [pair("a")]))
        let later = Self.now + 100 * 86_400
        for _ in 0..<2 {
            let problems = words(store.reload(now: later))
            #expect(problems.count == 1 && problems[0].hasPrefix("a.pem: expired on"))
        }
        #expect(try file(store, "a.test.priv") == "a")
    }

    @Test func `The default's certificate is kept when no certificate has its name any more`() throws {
        try folder.write("a", authority.issue(["DNS:a.test.priv"]))
        let store = try CertificateStore(CertificateSettings(pairs: [pair("a")], defaultName: "a.test.priv"))
        let old = store.certificate(for: nil)
        try folder.write("a", authority.issue(["DNS:b.test.priv"]))
        #expect(words(store.reload()) == ["default: a.test.priv: no certificate has this name (kept)"])
        #expect(store.certificate(for: nil) === old)
        #expect(
            try file(store, "b.test.priv") == "a" && store.certificate(for: ServerName("b.test.priv")) !== old
        )
    }

    // MARK: Folders

    @Test func `A folder's certificates are found by the names of their files`() throws {
        let names = ["one", "two", "three", "four", "five", "six"]
        let issued = names.map { authority.issue(["DNS:\($0).test.priv"]) }
        try folder.write("f/one", issued[0])
        try folder.write("f/two.crt", issued[1].certificate + issued[1].key)
        try folder.write("f/three.pem", issued[2].certificate)
        try folder.write("f/three-key.pem", issued[2].key)
        try folder.write("f/four/fullchain.pem", issued[3].certificate)
        try folder.write("f/four/privkey.pem", issued[3].key)
        try folder.write("f/four/cert.pem", issued[3].certificate)
        try folder.write("f/five/tls.crt", issued[4].certificate)
        try folder.write("f/five/tls.key", issued[4].key)
        try folder.write("f/six.cer", issued[5].certificate)
        try folder.write("f/six.key", issued[5].key)
        try folder.write("f/README", "…")
        try folder.write("f/.hidden.pem", "…")
        try folder.write("f/other/a.pem", "…")
        let store = try CertificateStore(CertificateSettings(folders: [folder["f"]]))
        let found = store.certificates.flatMap(\.names).map(\.description)
        #expect(Set(found) == Set(names.map { $0 + ".test.priv" }) && found.count == names.count)
    }

    @Test func `A folder of one well-known pair has one certificate`() throws {
        let issued = authority.issue(["DNS:a.test.priv"])
        for name in ["cert.pem", "chain.pem", "fullchain.pem"] {
            try folder.write("f/" + name, issued.certificate)
        }
        try folder.write("f/privkey.pem", issued.key)
        #expect(try CertificateStore(CertificateSettings(folders: [folder["f"]])).certificates.count == 1)
        try folder.write("k/tls.crt", issued.certificate)
        try folder.write("k/tls.key", issued.key)
        try folder.write("k/ca.crt", authority.pem)
        #expect(try CertificateStore(CertificateSettings(folders: [folder["k"]])).certificates.count == 1)
    }

    @Test func `A folder without a certificate, and a key without one, are errors`() throws {
        try folder.write("f/README", "…")
        #expect(
            words(CertificateFolder(folder["f"]).problems) == ["f: there is no certificate in this folder"]
        )
        try folder.write("f/a.key", "…")
        #expect(
            words(CertificateFolder(folder["f"]).problems) == [
                "f/a.key: there is no certificate beside this key"
            ]
        )
        #expect(
            words(CertificateFolder(folder["f/README"]).problems) == [
                "f/README: this is a file, not a folder"
            ]
        )
    }

    @Test func `Certificates come and go with their files`() throws {
        try folder.write("f/a", authority.issue(["DNS:a.test.priv"]))
        let store = try CertificateStore(CertificateSettings(folders: [folder["f"]]))
        try folder.write("f/b", authority.issue(["DNS:b.test.priv"]))
        #expect(store.reload().isEmpty)
        #expect(try file(store, "b.test.priv") == "f/b")
        try folder.remove("f/a.pem")
        // The key is still there: the certificate may be on its way.
        #expect(words(store.reload()) == ["f/a.key: there is no certificate beside this key (kept)"])
        #expect(try file(store, "a.test.priv") == "f/a")
        try folder.remove("f/a.key")
        #expect(store.reload().isEmpty)
        #expect(try file(store, "a.test.priv") == nil && file(store, "b.test.priv") == "f/b")
    }

    @Test func `A folder that becomes empty or unreadable keeps its certificates`() throws {
        try folder.write("f/a", authority.issue(["DNS:a.test.priv"]))
        let store = try CertificateStore(CertificateSettings(folders: [folder["f"]]))
        try folder.remove("f/a.pem")
        try folder.remove("f/a.key")
        #expect(words(store.reload()) == ["f: there is no certificate in this folder (kept)"])
        #expect(try file(store, "a.test.priv") == "f/a")
        try folder.remove("f")
        #expect(words(store.reload()) == ["f: this folder does not exist (kept)"])
        #expect(try file(store, "a.test.priv") == "f/a")
    }

    @Test func `Reports leave out what cannot be used`() throws {
        try folder.write("a", authority.issue(["DNS:a.test.priv"]))
        let store = CertificateStore.inspect(CertificateSettings(pairs: [pair("a"), pair("missing")]))
        #expect(store.certificates.count == 1 && words(store.problems) == ["missing.pem: does not exist"])
    }

    @Test func `Certificates of one issuer share its bytes`() throws {
        for name in ["a", "b"] {
            try folder.write("f/\(name)", authority.issue(["DNS:\(name).test.priv"]), chain: authority.pem)
        }
        let chains = try CertificateStore(CertificateSettings(folders: [folder["f"]])).certificates.map(
            \.chain
        )
        let places = chains.map { chain in chain[1].withUnsafeBufferPointer { $0.baseAddress } }
        #expect(places[0] == places[1])
    }

    // MARK: Kinds of keys

    @Test func `Of each kind of key, the first certificate for a name is used`() throws {
        try folder.write("ec", authority.issue(["DNS:*.test.priv", "DNS:a.priv"]))
        try folder.write("rsa", authority.issue(["DNS:*.test.priv"], key: .rsa(bits: 2048)))
        try folder.write("rsa2", authority.issue(["DNS:*.test.priv", "DNS:b.priv"], key: .rsa(bits: 2048)))
        let store = try CertificateStore(
            CertificateSettings(pairs: [pair("ec"), pair("rsa"), pair("rsa2")], defaultName: "*.test.priv")
        )
        let all = store.certificates
        for name in ["x.test.priv", nil] {
            let choice = try #require(store.choice(for: name.flatMap { ServerName($0) }))
            #expect(choice.certificate === all[0] && choice.alternative === all[1])
        }
        #expect(store.choice(for: ServerName("a.priv"))?.alternative == nil)
        #expect(store.certificate(for: ServerName("b.priv")) === all[2])
        let name = try #require(all[0].names.first { $0.description == "*.test.priv" })
        #expect(all.map { store.uses($0, for: name) } == [true, true, false])
        // A reload finds the same.
        #expect(store.reload(now: Self.now).isEmpty)
        #expect(store.choice(for: ServerName("x.test.priv"))?.alternative === all[1])
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `A client gets the certificate whose key it can verify`(version: Int32) throws {
        try folder.write("ec", authority.issue(["DNS:*.test.priv"]))
        try folder.write("rsa", authority.issue(["DNS:*.test.priv"], key: .rsa(bits: 2048)))
        let store = try CertificateStore(CertificateSettings(pairs: [pair("ec"), pair("rsa")]))
        for (algorithms, index) in [("rsa_pss_rsae_sha256:RSA+SHA256", 1), ("ECDSA+SHA256", 0)] {
            let bench = try TLSBench(.init(version: version, signatures: algorithms), store: store)
            bench.exchange()
            #expect(bench.client.isConnected, "\(algorithms) \(bench.failures)")
            #expect(bench.client.fingerprint == store.certificates[index].fingerprint, "\(algorithms)")
        }
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func `Of two certificates for a name, one that has expired is not offered`(version: Int32) throws {
        let (valid, expired) = (-9...90, -9 ... -1)
        let rsa = "rsa_pss_rsae_sha256:RSA+SHA256"
        let cases: [(ec: ClosedRange<Int>, rsa: ClosedRange<Int>, algorithms: String, index: Int?)] = [
            (valid, expired, rsa, nil), (valid, expired, rsa + ":ECDSA+SHA256", 0),
            (expired, valid, "ECDSA+SHA256", nil), (expired, valid, "ECDSA+SHA256:" + rsa, 1),
        ]
        for (number, one) in cases.enumerated() {
            let pairs = ["ec\(number)", "rsa\(number)"].map(pair)
            let names = ["DNS:*.test.priv"]
            try folder.write("ec\(number)", authority.issue(names, days: one.ec))
            try folder.write("rsa\(number)", authority.issue(names, key: .rsa(bits: 2048), days: one.rsa))
            // They were loaded before one of them expired.
            let store = try CertificateStore(CertificateSettings(pairs: pairs), now: Self.now - 5 * 86_400)
            let bench = try TLSBench(.init(version: version, signatures: one.algorithms), store: store)
            bench.exchange()
            #expect(bench.client.isConnected == (one.index != nil), "\(one) \(bench.failures)")
            guard let index = one.index else { continue }
            #expect(bench.client.fingerprint == store.certificates[index].fingerprint, "\(one)")
        }
    }
}
