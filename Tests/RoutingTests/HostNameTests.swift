import Routing
import TestSupport
import Testing

@Suite struct HostNameTests {
    @Test(
        arguments: [
            ("www.test.priv", "www.test.priv", nil), ("WWW.Test.PRIV", "www.test.priv", nil),
            ("www.test.priv.", "www.test.priv", nil),
            ("www.test.priv:8080", "www.test.priv", 8080), ("www.test.priv.:8080", "www.test.priv", 8080),
            ("a:", "a", nil), ("a:0", "a", 0),
            ("a:65535", "a", 65535), ("a_b-c.d", "a_b-c.d", nil), ("[::1]", "[::1]", nil),
            ("[::1]:80", "[::1]", 80),
            ("[2001:DB8:0:0::1]", "[2001:db8::1]", nil), ("[::ffff:1.2.3.4]:", "[::ffff:1.2.3.4]", nil),
            ("1.2.3.4:80", "1.2.3.4", 80),
            ("localhost", "localhost", nil),
        ] as [(String, String, UInt16?)]
    )
    func `A host is normalised`(raw: String, text: String, port: UInt16?) throws {
        let host = try HostName(raw)
        #expect(host.text == text)
        #expect(host.port == port)
    }

    @Test(arguments: [
        ("", HostError.empty), (":80", .empty), (".", .emptyLabel), ("..", .emptyLabel),
        ("a..b", .emptyLabel), (".a", .emptyLabel),
        ("a..", .emptyLabel), ("a b", .badByte(at: 1)), ("a/b", .badByte(at: 1)), ("a%2eb", .badByte(at: 1)),
        ("user@a", .badByte(at: 4)),
        ("a\0", .badByte(at: 1)), ("a\r\n", .badByte(at: 1)), ("é", .badByte(at: 0)),
        ("a\\b", .badByte(at: 1)), ("a?", .badByte(at: 1)),
        ("a:x", .badPort), ("a:65536", .badPort), ("a:99999999999999999999", .badPort), ("a:+1", .badPort),
        ("a:1:2", .badPort), ("::1", .badPort),
        ("[::1", .badIPv6), ("[]", .badIPv6), ("[1.2.3.4]", .badIPv6), ("[fe80::1%25eth0]", .badIPv6),
        ("[::1]x", .badByte(at: 5)),
        ("[::1]:x", .badPort), ("[", .badIPv6), ("*.test.priv", .badByte(at: 0)),
    ])
    func `What no host is, is refused with its reason`(raw: String, error: HostError) {
        #expect(throws: error) { try HostName(raw) }
        #expect(!error.description.isEmpty)
    }

    @Test func `Lengths end where DNS ends them`() throws {
        let label = String(repeating: "a", count: 63)
        let longest = "\(label).\(label).\(label).\(String(repeating: "b", count: 61))"
        #expect(longest.utf8.count == 253)
        #expect(try HostName(longest + ".").text == longest)
        #expect(throws: HostError.tooLong) { try HostName(longest + "b") }
        #expect(throws: HostError.labelTooLong) { try HostName(label + "a.priv") }
    }

    @Test func `Whatever the bytes are, a host comes out clean or not at all`() {
        let seed = TestSeed.make(for: #function)
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let raw = (0..<Int.random(in: 0...24, using: &random)).map { _ -> UInt8 in
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...255, using: &random)
                    : Array("aZ09-_.:[]".utf8).randomElement(using: &random) ?? 0
            }
            guard let host = try? HostName(raw.span) else { continue }
            let clean =
                host.bytes.first == UInt8(ascii: "[")
                ? "0123456789abcdef:.[]" : "abcdefghijklmnopqrstuvwxyz0123456789-_."
            #expect(host.bytes.allSatisfy(clean.utf8.contains), "seed \(seed): \(raw)")
            #expect((try? HostName(host.text))?.bytes == host.bytes, "seed \(seed): \(raw)")
        }
    }
}
