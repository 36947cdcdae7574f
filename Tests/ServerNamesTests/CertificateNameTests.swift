import ServerNames
import Testing

@Suite struct CertificateNameTests {
    @Test(arguments: [
        ("www.test.priv", "www.test.priv", true), ("www.test.priv", "WWW.TEST.PRIV.", true),
        ("www.test.priv", "test.priv", false), ("*.test.priv", "www.test.priv", true),
        ("*.test.priv", "a_b.test.priv", true), ("*.test.priv", "a.b.test.priv", false),
        ("*.test.priv", "test.priv", false), ("*.test.priv", "www.other.priv", false),
        ("*.TEST.priv.", "www.test.priv", true), ("10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.2", false), ("::1", "0:0:0:0:0:0:0:1", true), ("*.0.0.1", "10.0.0.1", false),
    ])
    func `A wildcard stands for one label`(own: String, name: String, covers: Bool) throws {
        let name = try #require(ServerName(name))
        #expect(try #require(CertificateName(own)).covers(name) == covers)
    }

    @Test(arguments: [
        "", "*", "*.", "w*.test.priv", "*.*.test.priv", "www.*.priv", "*.10.0.0.1", "a b", "*.::1",
    ])
    func `A wildcard is the whole first label`(text: String) {
        #expect(CertificateName(text) == nil)
    }
}

@Suite struct CertificateNameTableTests {
    private static let table: CertificateNameTable<String> = {
        var table = CertificateNameTable<String>()
        for text in ["*.test.priv", "www.test.priv", "*.a.test.priv", "10.0.0.1", "test.priv"] {
            if let name = CertificateName(text) { table.add(name, text) }
        }
        return table
    }()

    @Test(arguments: [
        ("www.test.priv", "www.test.priv"), ("api.test.priv", "*.test.priv"),
        ("b.a.test.priv", "*.a.test.priv"),
        ("a.test.priv", "*.test.priv"), ("test.priv", "test.priv"), ("10.0.0.1", "10.0.0.1"),
        ("c.b.a.test.priv", nil), ("10.0.0.2", nil), ("priv", nil), ("localhost", nil),
    ])
    func `The most specific name wins`(name: String, value: String?) throws {
        #expect(Self.table.value(for: try #require(ServerName(name))) == value)
    }

    @Test(arguments: [
        ("c.b.test.priv", "*.test.priv"), ("d.c.b.a.test.priv", "*.a.test.priv"), ("other.priv", nil),
        ("www.test.priv", nil), ("10.0.0.1", nil),
    ])
    func `A wildcard that has too few labels is found`(name: String, wildcard: String?) throws {
        #expect(Self.table.shallowWildcard(for: try #require(ServerName(name)))?.description == wildcard)
    }

    @Test func `Of two values with one name the first counts`() throws {
        var table = CertificateNameTable<Int>()
        let name = try #require(CertificateName("*.test.priv"))
        #expect(table.add(name, 1) == nil)
        #expect(table.add(name, 2) == 1)
        #expect(table[name] == 1 && table.count == 1)
    }
}
