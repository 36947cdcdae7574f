import Routing
import ServerNames
import Testing

@Suite struct ServerNameTests {
    @Test(arguments: [
        ("www.test.priv", "www.test.priv"), ("WWW.Test.PRIV", "www.test.priv"),
        ("www.test.priv.", "www.test.priv"), ("a_b.test.priv", "a_b.test.priv"), ("localhost", "localhost"),
        ("10.0.0.1", "10.0.0.1"), ("10.0.0.1.", "10.0.0.1"), ("::1", "::1"), ("2001:DB8::1", "2001:db8::1"),
        ("xn--bcher-kva.test", "xn--bcher-kva.test"),
    ])
    func `A name is read in small letters and without a dot at its end`(text: String, name: String) {
        #expect(ServerName(text)?.description == name)
    }

    @Test(arguments: [
        "", ".", "a..b", ".a", "a b", "a\0b", "a/b", "www.test.priv:443", "[::1]", "[::1]:443", "::1::",
        "*.test.priv",
        "bücher.test", String(repeating: "a", count: 64) + ".b", String(repeating: "a.", count: 127) + "b",
    ])
    func `What is neither a host name nor an address is not a name`(text: String) {
        #expect(ServerName(text) == nil)
    }

    @Test func `An address is not a host`() throws {
        #expect(ServerName("10.0.0.1") == .address(try #require(IPAddress("10.0.0.1"))))
        #expect(ServerName("10.0.0.1.") == ServerName("10.0.0.1"))
        #expect(ServerName("::ffff:10.0.0.1") == ServerName("10.0.0.1"))
    }
}
