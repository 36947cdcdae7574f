import Foundation
import Testing

@testable import Operations

@Suite struct WhyTextTests {
    /// What a hostile tier at the endpoint may answer: each text ends a line, and begins a sequence of the terminal.
    private static let hostile = "x\u{1B}[2J\u{7}\nforged\r\u{9B}31m"

    private static func report(fails: Bool, runs: Bool = false) throws -> RequestReport {
        let part: [String: Any] = [
            "tier": hostile, "time": hostile, "client": hostile, "peer": "p", "method": hostile,
            "host": hostile,
            "target": hostile, "protocol": hostile, "rule": hostile, "location": hostile,
            "captures": ["a": hostile],
            "to": hostile, "usedTarget": hostile,
            "choice": [
                "endpoint": hostile, "why": hostile, "pool": hostile, "policy": hostile, "endpoints": 1,
            ] as [String: Any],
            "attempts": [] as [Any], "attemptsNotKept": 0,
            "stages": [["stage": hostile, "ms": 1.0] as [String: Any]],
            "status": 200, "detail": hostile, "side": hostile, "message": hostile, "help": hostile,
            "bytesIn": 0,
            "bytesOut": 0, "durationMs": 1.0, "retried": false, "upgraded": false,
            "trace": [
                ["rule": hostile, "location": hostile, "matched": false, "why": hostile] as [String: Any]
            ],
            "traceNote": hostile, "traceCut": 0,
        ]
        var last = part
        if fails { last["cause"] = hostile }
        if runs { last["running"] = hostile }
        var report: [String: Any] = [
            "id": hostile, "time": hostile, "host": hostile, "method": hostile, "target": hostile,
            "rule": hostile,
            "endpoint": hostile, "status": 200, "durationMs": 1.0, "tiers": [part, last], "missing": hostile,
            "others": 0,
        ]
        if fails { report["cause"] = hostile }
        return try JSONDecoder().decode(
            RequestReport.self,
            from: try JSONSerialization.data(withJSONObject: report)
        )
    }

    @Test(arguments: [false, true], [false, true])
    func `No text of a request or of another tier reaches the terminal as it is`(fails: Bool, runs: Bool)
        throws
    {
        let text = WhyText.of(try Self.report(fails: fails, runs: runs))
        #expect(!text.split(separator: "\n").contains { $0.hasPrefix("forged") })
        let controls = text.unicodeScalars.filter { scalar in
            scalar != "\n" && (scalar.value < 32 || (0x7F...0x9F).contains(scalar.value))
        }
        #expect(controls.isEmpty)
    }
}
