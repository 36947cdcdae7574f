import Metrics
import Testing

@testable import Operations

@Suite struct LedgerLinesTests {
    private func counts(_ names: [String: UInt64], unnamed: UInt64 = 0) -> LedgerCounts {
        var counts = LedgerCounts(limit: 10, seed: 1)
        for (name, requests) in names {
            let place = counts.place(of: Array(name.utf8).span)
            counts.add(LedgerCounts.Figures(requests: requests), at: place)
        }
        if unnamed > 0 { counts.add(LedgerCounts.Figures(requests: unnamed), at: .unnamed) }
        return counts
    }

    private func text(_ lines: LedgerLines) -> String {
        let out = LogLine()
        lines.write(tier: "local", by: "name", from: 0, to: 3600, into: out)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test func `Loops are added up, a line for each name`() {
        let lines = LedgerLines([counts(["a": 1, "b\"\n": 2]), counts(["a": 3], unnamed: 4)], limit: 10)
        let head =
            #"{"from":"1970-01-01T00:00:00Z","to":"1970-01-01T01:00:00Z","tier":"local","by":"name","name":"#
        let tail = #","bytes_in":0,"bytes_out":0}"#
        #expect(
            text(lines) == """
                \(head)"a","requests":4\(tail)
                \(head)"b\\"\\u000a","requests":2\(tail)
                \(head)null,"requests":4\(tail)

                """
        )
        #expect(lines.count == 3)
    }

    @Test func `Loops with different names keep the bound together, and no request is lost`() {
        let lines = LedgerLines([counts(["a": 1, "b": 2]), counts(["c": 3, "d": 4])], limit: 3)
        #expect(lines.count == 4)
        #expect(text(lines).contains(#""name":null,"overflow":true,"requests":4"#))
    }

    @Test func `An interval without requests has no line`() {
        #expect(LedgerLines([counts([:])], limit: 3).count == 0)
    }

    @Test(arguments: [(0.0, 3600.0), (3599.5, 0.5), (3600, 3600), (1, 3599)])
    func `Intervals begin at multiples of their length`(now: Double, wait: Double) {
        #expect(abs(LedgerFile.wait(now: now, every: 3600) - wait) < 1e-6)
    }
}
