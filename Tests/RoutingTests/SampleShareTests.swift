import TestSupport
import Testing

@testable import Routing

@Suite struct SampleShareTests {
    @Test(arguments: ["100%", "10%", "0.5%", "0.0001%", "1.25%", "100.0%", "007%"])
    func `A percentage above zero, with at most four decimals, is a share`(text: String) {
        #expect(SampleShare(text) != nil)
    }

    @Test(arguments: [
        "", "%", "10", "0%", "0.0%", "0.00001%", "101%", "100.0001%", "1000%", "-1%", "1e1%", "1,5%", ".5%",
        "5.%",
        "1.2.3%", "10 %", "10%%", "½%",
    ])
    func `Anything else is none`(text: String) {
        #expect(SampleShare(text) == nil)
    }

    @Test func `The choice depends on the id alone, and a smaller share is a part of a larger one`() throws {
        var random = SeededRandom(seed: TestSeed.make(for: "samples"))
        let shares = try ["0.1%", "1%", "10%", "50%", "99.9%", "100%"].map { try #require(SampleShare($0)) }
        for _ in 0..<20_000 {
            let id = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let chosen = shares.map { $0.includes(id.span) }
            #expect(chosen == shares.map { $0.includes(id.span) })
            for (smaller, larger) in zip(chosen, chosen.dropFirst()) where smaller { #expect(larger) }
            #expect(chosen.last == true)
        }
    }

    /// Ids of programs that count are as good as random ones.
    @Test func `Ids that count up are chosen as often as the share says`() throws {
        for (text, expected) in [("1%", 1000), ("10%", 10_000), ("50%", 50_000)] {
            let share = try #require(SampleShare(text))
            let count = (0..<100_000).count { share.includes("request-\($0)".utf8.span) }
            #expect(abs(count - expected) < expected / 5, "\(text): \(count)")
        }
    }

    /// Another program can make the same choice: docs/access-log.md describes it.
    @Test func `The hash is the documented one`() {
        func hash(_ text: String) -> UInt64 { SampleShare.hash(text.utf8.span) }
        #expect(hash("") == 0xEFD0_1F60_BA99_2926)
        #expect(hash("a") == 0x82A2_A958_A9BE_CE5B)
    }

    @Test func `Errors are logged whatever the sample and the statuses are, unless they are sampled`() throws
    {
        func includes(_ policy: AccessLogPolicy, _ status: Int, isError: Bool, id: String = "id") -> Bool {
            policy.includes(status: status, isError: isError, id: id.utf8.span)
        }
        var policy = AccessLogPolicy()
        policy.only = StatusSet([400...499])
        #expect(includes(policy, 404, isError: false))
        #expect(!includes(policy, 200, isError: false))
        #expect(includes(policy, 502, isError: true))
        policy.keepsErrors = false
        #expect(!includes(policy, 502, isError: true))
        #expect(!includes(.off, 502, isError: true))
        #expect(includes(.all, 200, isError: false))
        var sampled = AccessLogPolicy()
        sampled.sample = try #require(SampleShare("0.0001%"))
        let ids = (0..<1000).map { "request-\($0)" }
        #expect(ids.count { includes(sampled, 200, isError: false, id: $0) } < 10)
        #expect(ids.allSatisfy { includes(sampled, 500, isError: true, id: $0) })
    }
}
