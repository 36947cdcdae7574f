import Routing
import Testing

/// Names that getaddrinfo(3) reads as addresses (RFC 6943 §3.1.1).
@Suite struct LooseAddressTests {
    @Test(arguments: [
        "127.0.0.1", "2130706433", "0", "0x7f000001", "0X7F000001", "017700000001", "127.1", "127.0.1",
        "0x7f.1", "0177.0.0.1", "0x7f.0x0.0x0.0x1", "00000000177.1", "4294967295", "1.16777215",
        "1.2.65535", "255.255.255.255", "0b1.1", "1.0",
    ])
    func `Every spelling of an address is found`(name: String) throws {
        let target = try RouteTable(.rule(host: "~^(?<n>.*)$", to: "$n:80")).ask(name).forward?.target
        #expect(target?.isAddressInDisguise == true, "\(name)")
        #expect(target?.literal == nil)
    }

    @Test(arguments: [
        "a", "1a", "0x", "0xg", "08", "1.2.3.4.5", "256.1.1.1", "1.256.1", "1.2.3.256", "4294967296",
        "1.16777216", "1.2.65536", "0x100000000", "1-2", "1_2", "shop.1x", "host01", "127.0.0.1a",
        "99999999999999999999999999",
    ])
    func `Other names are names`(name: String) throws {
        let target = try RouteTable(.rule(host: "~^(?<n>.*)$", to: "$n:80")).ask(name).forward?.target
        #expect(target?.isAddressInDisguise == false, "\(name)")
    }

    @Test func `An address that the rule spells out is not in disguise`() throws {
        for to in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]"] {
            #expect(try RouteTable(.rule(to: to)).ask("a").forward?.target.isAddressInDisguise == false)
        }
        // Only a part of it is the rule's own.
        let table = try RouteTable(.rule(host: "~^(?<n>.*)$", to: "127.0.0.$n:80"))
        #expect(try table.ask("1").forward?.target.isAddressInDisguise == true)
    }

    @Test(arguments: ["2130706433:80", "127.1", "0x7f.1:80/x", "http://017700000001", "127.0.0.1."])
    func `A rule spells an address out in the usual way`(to: String) {
        let error = #expect(throws: RouteTableError.self) { try RouteTable(.rule(to: to)) }
        #expect(error?.issues.first?.message.contains("four decimal numbers") == true)
    }
}
