import ProxyCore
import Routing
import Testing

/// Upgrades are asked for, granted and refused without a doubt about where a request ends (RFC 9110 §7.8).
@Suite struct UpgradeTests {
    private static let upgrade =
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    @Test(arguments: [
        "Content-Length: 2\r\n\r\nhi", "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ])
    func `A request with a body wants no upgrade`(rest: String) throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let client = try tier.connect()
        client.send("POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" + rest)
        let body = try client.takeResponse().body
        #expect(!body.lowercased().contains("upgrade"), "\(body)")
    }

    @Test(arguments: [
        "h2c", "H2C", "h2c/2", "h2c-14", "h2c;q=1", "\"h2c\"", "websocket, h2c", "h2c , websocket", ",h2c",
        "h2", "HTTP/2.0", "http2", "websocket;h2c", "web socket", "websocket/", "/13", "a/b/c",
    ])
    func `No upgrade goes on to another HTTP, or to what is not a protocol`(value: String) throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let client = try tier.connect()
        client.send(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: \(value)\r\n"
                + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        )
        let body = try client.takeResponse().body.lowercased()
        #expect(!body.contains("upgrade") && !body.contains("http2-settings"), "\(body)")
    }

    @Test func `A connection on which an upgrade was not granted is not used again`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let client = try tier.connect()
        for _ in 0..<3 {
            client.send(Self.upgrade)
            #expect(try client.takeResponse().body.contains("Upgrade: websocket\r\n"))
        }
        #expect(tier.upstreams.count == 3)
        #expect(tier.upstreams.allSatisfy { $0.isEnded })
        for _ in 0..<2 {
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try client.takeResponse()
        }
        #expect(tier.upstreams.count == 4)
    }

    @Test(arguments: [
        "", "Upgrade: h2c\r\n", "Upgrade: echo\r\n", "Upgrade:\r\n", "Upgrade: websocket, echo\r\n",
        "Upgrade: websocket\r\nUpgrade: echo\r\n", "Upgrade: web\r\n",
    ])
    func `A switch to a protocol that was not offered is 502`(field: String) throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send(Self.upgrade)
        tier.upstreams[0].send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\(field)\r\nhi")
        let (head, _) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 502 "))
        #expect(tier.log.entries.last?.cause == .upgradeFailed)
    }

    @Test(arguments: [
        ("websocket", "WebSocket"), ("a, websocket/13", "websocket"), ("websocket", "websocket/13"),
        ("HTTPX/2, irc/6.9", "IRC/6.9"),
    ])
    func `A protocol is granted in any case, with or without its version`(
        offered: String,
        granted: String
    ) throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: \(offered)\r\n\r\n")
        tier.upstreams[0].send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: \(granted)\r\n\r\n"
        )
        #expect(try client.takeHead().contains("Upgrade: \(granted)\r\n"))
    }

    @Test func `A demand for an upgrade names the protocol`() throws {
        let tier = try EmbeddedTier(origin: { connection in
            while let head = connection.nextHead() {
                let status = head.hasPrefix("GET /plain") ? "200 OK" : "426 Upgrade Required"
                connection.send(
                    "HTTP/1.1 \(status)\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"
                )
            }
        })
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try client.takeHead()
        #expect(head.contains("Upgrade: TLS/1.2\r\n") && head.contains("Connection: upgrade\r\n"), "\(head)")
        client.send("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try !client.takeHead().lowercased().contains("upgrade"))
    }
}
