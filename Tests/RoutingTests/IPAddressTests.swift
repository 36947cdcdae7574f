import Routing
import Testing

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("1.2.3.4", "1.2.3.4"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
        ("::1", "::1"),
        ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1::", "1::"), ("fe80::1", "fe80::1"), ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:0a00:0001", "10.0.0.1"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ])
    func `An address is read and written`(text: String, written: String) {
        #expect(IPAddress(text)?.description == written)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ",
        " 1.2.3.4", "1..3.4",
        ".1.2.3", "1.2.3.", "1.2.3.4444", ":", ":::", "1:::2", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "12345::",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "fe80::1%eth0", "[::1]", "g::", "::1.2.3", "1.2.3.4::",
        "::1.2.3.4:5", "1:", ":1",
        "2130706433", "::ffff:1.2.3.256",
    ])
    func `What is no address is none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `Network bytes go both ways`() {
        let v4 = IPAddress(networkBytes: [10, 0, 0, 1])
        #expect(v4 == IPAddress("10.0.0.1"))
        #expect(v4?.networkBytes == [10, 0, 0, 1])
        let bytes: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [7]
        #expect(IPAddress(networkBytes: bytes)?.description == "2001:db8::7")
        #expect(IPAddress(networkBytes: bytes)?.networkBytes == bytes)
        #expect(
            IPAddress(networkBytes: Array(repeating: 0, count: 10) + [0xFF, 0xFF, 127, 0, 0, 1])
                == IPAddress("127.0.0.1")
        )
        #expect(IPAddress(networkBytes: [1, 2, 3]) == nil)
        #expect(IPAddress(networkBytes: []) == nil)
    }

    @Test(arguments: [
        ("0.0.0.0", IPAddress.Classification.unspecified), ("0.1.2.3", .unspecified), ("::", .unspecified),
        ("127.0.0.1", .loopback), ("127.255.0.1", .loopback), ("::1", .loopback),
        ("169.254.169.254", .linkLocal),
        ("169.254.0.1", .linkLocal), ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .private),
        ("224.0.0.1", .multicast), ("239.255.255.255", .multicast), ("ff02::1", .multicast),
        ("255.255.255.255", .broadcast),
        ("fd00:ec2::254", .metadata), ("fd20:ce::254", .metadata), ("100.100.100.200", .metadata),
        ("168.63.129.16", .metadata),
        ("10.0.0.1", .private), ("172.16.0.1", .private), ("172.31.255.255", .private),
        ("172.32.0.1", .global),
        ("192.168.1.1", .private), ("100.64.0.1", .private), ("100.128.0.1", .global), ("fd00::1", .private),
        ("fc00::1", .private),
        ("240.0.0.1", .reserved), ("192.0.2.1", .reserved), ("2001:db8::1", .reserved), ("8.8.8.8", .global),
        ("2606:4700::1111", .global), ("169.253.0.1", .global), ("fe00::1", .global),
    ])
    func `An address is classified`(text: String, classification: IPAddress.Classification) {
        #expect(IPAddress(text)?.classification == classification)
    }

    @Test(arguments: [
        "::ffff:169.254.169.254", "::169.254.169.254", "::ffff:0:169.254.169.254", "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "2001:0:808:808::5601:5601",
        "2001:db8::5efe:169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::", "2001:db8::200:5efe:169.254.169.254",
    ])
    func `A link-local address is found in whatever carries it`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.classification == .linkLocal)
        #expect(address.prohibitedKind == "link-local")
    }

    @Test func `An embedded loopback address is a loopback address`() {
        #expect(IPAddress("::ffff:127.0.0.1")?.isLoopback == true)
        #expect(IPAddress("64:ff9b::127.0.0.1")?.isLoopback == true)
        #expect(IPAddress("2002:7f00:1::")?.isLoopback == true)
        #expect(IPAddress("64:ff9b:1:a00:0:100::")?.classification == .private)
        #expect(IPAddress("64:ff9b::8.8.8.8")?.classification == .global)
    }

    @Test func `What is prohibited has a word for it, and nothing else has`() {
        let words = [
            "0.0.0.0", "255.255.255.255", "224.0.0.1", "fd00:ec2::254", "10.0.0.1", "127.0.0.1", "8.8.8.8",
        ]
        .map { IPAddress($0)?.prohibitedKind }
        #expect(words == ["unspecified", "broadcast", "multicast", "cloud metadata", nil, nil, nil])
    }
}

@Suite struct CIDRTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("10.1.2.3/8", "10.9.9.9", true),
        ("0.0.0.0/0", "255.1.2.3", true), ("0.0.0.0/0", "::1", false), ("::/0", "10.0.0.1", false),
        ("::/0", "::1", true),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
        ("192.0.2.6/31", "192.0.2.7", true),
        ("::1/128", "::1", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false),
        ("2001:db8::/65", "2001:db8::7fff:0:0:1", true), ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/104", "10.1.2.3", true),
    ])
    func `A block holds its addresses`(block: String, address: String, holds: Bool) throws {
        #expect(try #require(CIDR(block)).contains(#require(IPAddress(address))) == holds)
    }

    @Test(arguments: [
        "", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10/8", "x", "/8",
        "10.0.0.0/+8", "::ffff:10.0.0.0/8",
    ])
    func `What is no block is none`(text: String) {
        #expect(CIDR(text) == nil)
    }

    @Test func `Bits behind the prefix do not count`() {
        #expect(CIDR("10.1.2.3/8") == CIDR("10.0.0.0/8"))
        #expect(CIDR("10.1.2.3/8")?.description == "10.0.0.0/8")
        #expect(CIDR("::1")?.description == "::1/128")
    }

    @Test func `An endpoint is read and written`() {
        #expect(Endpoint("1.2.3.4:80")?.description == "1.2.3.4:80")
        #expect(Endpoint("[::1]:8080")?.description == "[::1]:8080")
        for text in [
            "1.2.3.4", "::1:80", "[1.2.3.4]:80", "1.2.3.4:", "1.2.3.4:65536", "[::1]80", "x:80", ":80",
            "[]:80", "",
        ] {
            #expect(Endpoint(text) == nil, "\(text)")
        }
    }
}
