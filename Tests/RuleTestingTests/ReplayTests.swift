import RoutingConfig
import Testing

@testable import RuleTesting

@Suite struct ReplayTests {
    private func replay(_ log: String, tiers: [String] = ["front", "local"]) throws -> ReplayReport {
        let folder = try Folder.withRules()
        try folder.write(log, to: "access.log")
        let loaded = try tiers.map { name in
            try ReplayTier(name, try ConfigurationLoader.load([folder.path + "\(name).yaml"]))
        }
        return try Replay(loaded, frontAddress: nil).run(folder.path + "access.log")
    }

    private func line(_ host: String, _ target: String = "/", method: String = "GET") -> String {
        "\(host) 192.0.2.7 - - [21/Nov/2026:10:00:00 +0000] \"\(method) \(target) HTTP/1.1\" 200 1 \"-\" \"x\"\n"
    }

    @Test func `Every request goes through all tiers, and is counted where it ends`() throws {
        let log =
            line("shop_c1_01.test.priv") + line("shop_c1_01.test.priv") + line("wiki_c9_01.test.priv")
            + line("old.test.priv") + line("a.internal.test.priv") + line("nothing.example")
            + line("shop_c1_01.test.priv", method: "TRACE") + line("shop c1", "/") + "\n"
            + "1.2.3.4 - - [t] \"-\" 400 0 \"-\" \"-\" host=-\n" + line("shop_c1_07.test.priv").dropLast()
        let report = try replay(log)
        #expect(report.lines == 11 && report.requests == 8)
        #expect(report.withoutRequest == 1)
        #expect(report.unparsable == 2)
        #expect(report.firstUnparsable?.line == 8)
        #expect(report.firstUnparsable?.why == "the line has no client address")
        #expect(report.forwarded == 2)
        let (front, local) = (report.tiers[0], report.tiers[1])
        #expect(front.rules.map { "\($0.rule) \($0.wins)" } == ["old 1", "closed 1", "saas 4"])
        #expect(local.rules.map { "\($0.rule) \($0.wins)" } == ["container 3"])
        #expect(front.responded.map { "\($0.status) \($0.count)" } == ["302 1", "403 1"])
        #expect(
            front.refused.map { "\($0.cause) \($0.count) \($0.first.line)" } == [
                "method_not_allowed 1 7", "no_rule 1 6", "unknown_target 1 11",
            ]
        )
        #expect(
            local.refused.map { "\($0.cause) \($0.first.host)" } == ["unknown_target wiki_c9_01.test.priv"]
        )
    }

    @Test func `Berth's log contains the rule that won, and a replay counts where another wins now`() throws {
        func json(_ host: String, _ rule: String, tier: String = "front") -> String {
            "{\"tier\":\"\(tier)\",\"client\":\"192.0.2.7\",\"method\":\"GET\",\"host\":\"\(host)\",\"uri\":\"/\",\"rule\":\(rule)}\n"
        }
        let report = try replay(
            json("old.test.priv", "\"old\"") + json("nothing.example", "null")
                + json("old.test.priv", "\"older\"")
                + json("shop_c1_01.test.priv", "null")
                + json("shop_c1_01.test.priv", "\"container\"", tier: "local")
        )
        #expect(report.changed == 2 && report.firstChanged?.line == 3)
        #expect(report.otherTier == 1 && report.requests == 4)
    }

    @Test func `What was escaped in the log cannot end a line of the request`() throws {
        let report = try replay(line("shop_c1_01.test.priv", #"/\x0d\x0aHost: old.test.priv"#))
        #expect(report.tiers[0].refused.map(\.cause) == ["malformed_request"])
        #expect(report.tiers[0].rules.allSatisfy { $0.wins == 0 })
    }

    @Test func `A log longer than one read is counted whole, by any number of threads`() throws {
        // 6 MB: each thread has several pieces, and lines lie across their borders.
        var log = ""
        for number in 0..<60_000 { log += line("shop_c1_0\(number % 3 + 1).test.priv", "/\(number)") }
        let report = try replay(log, tiers: ["front"])
        #expect(report.lines == 60_000 && report.unparsable == 0)
        #expect(report.tiers[0].rules.map(\.wins) == [0, 0, 60_000])
        #expect(report.forwarded == 40_000)
        #expect(report.tiers[0].refused.map { "\($0.count) \($0.first.line)" } == ["20000 3"])
    }

    @Test func `A line longer than is read is left out, and the next one is not`() throws {
        let long = String(repeating: "x", count: LineChunks.maxLineBytes * 2)
        let report = try replay(line("old.test.priv") + long + "\n" + line("old.test.priv") + long)
        #expect(report.lines == 4 && report.requests == 2 && report.unparsable == 2)
        #expect(report.firstUnparsable?.line == 2)
        #expect(report.tiers[0].rules[0].wins == 2)
    }

    @Test func `A log that cannot be read is an error`() throws {
        let folder = try Folder.withRules()
        let tier = try ReplayTier("front", try ConfigurationLoader.load([folder.path + "front.yaml"]))
        for path in ["nowhere.log", ""] {
            #expect(throws: ReplayFailure.self) {
                try Replay([tier], frontAddress: nil).run(folder.path + path)
            }
        }
    }
}
