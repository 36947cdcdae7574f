import Balancing
import HTTP1
import NIOCore
import PCRE2
import Routing
import Testing

@testable import Proxy

@Suite struct CheckMachineTests {
    private static let endpoint = Endpoint(address: IPAddress(v4: 0x0A01_0001), port: 8080)

    private static func check(_ change: (inout HealthCheck.HTTP) -> Void = { _ in }) -> PreparedCheck {
        var http = HealthCheck.HTTP()
        change(&http)
        var check = HealthCheck()
        check.kind = .http(http)
        return PreparedCheck(check, of: endpoint)
    }

    /// What a check says of a response that comes in these reads, and then ends.
    private static func outcome(_ check: PreparedCheck, _ reads: [String]) -> CheckMachine.Outcome {
        var machine = CheckMachine(check)
        var head = ResponseHead()
        let scratch = MatchScratch()
        for read in reads {
            var bytes = ByteBuffer(string: read)
            if let outcome = machine.received(&bytes, head: &head, scratch: scratch) { return outcome }
        }
        return machine.inputEnded(scratch: scratch)
    }

    private static func text(_ check: PreparedCheck) -> String { String(buffer: check.request) }

    @Test func `The request is complete, and tells who sends it`() {
        #expect(
            Self.text(Self.check { $0.path = "/healthz?full" }) == """
                GET /healthz?full HTTP/1.1\r
                Host: 10.1.0.1:8080\r
                User-Agent: berth-check/0.1.0\r
                Accept: */*\r
                Connection: close\r
                \r

                """
        )
        let post = Self.check {
            $0.method = "POST"
            $0.host = "app.test"
        }
        #expect(Self.text(post).hasPrefix("POST / HTTP/1.1\r\nHost: app.test\r\n"))
        #expect(Self.text(post).hasSuffix("Content-Length: 0\r\n\r\n"))
    }

    @Test(arguments: ["/a b", "/a\r\nX: y", "", "/\u{e9}"])
    func `A path that would be another request is never sent`(path: String) {
        #expect(Self.check { $0.path = path }.flaw == "invalid_request")
    }

    @Test(arguments: [
        (["HTTP/1.1 200 OK\r\n\r\n"], CheckMachine.Outcome.success),
        (["HTTP/1.1 3", "02 Found\r\nLocation: /\r\n", "\r\n"], .success),
        (["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"], .success),
        (["HTTP/1.1 503 Busy\r\n\r\n"], .failure("status_503")),
        (["HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"], .failure("status_101")),
        (["SSH-2.0-x\r\n"], .failure("invalid_response")),
        ([], .failure("empty_response")),
        (["HTTP/1.1 200 OK\r\n"], .failure("response_incomplete")),
        (["HTTP/1.1 102 Wait\r\n\r\n"], .failure("response_incomplete")),
        ([String(repeating: "HTTP/1.1 102 Wait\r\n\r\n", count: 33)], .failure("invalid_response")),
    ])
    func `The status decides`(reads: [String], outcome: CheckMachine.Outcome) {
        #expect(Self.outcome(Self.check(), reads) == outcome)
    }

    @Test func `Statuses can be chosen`() {
        let check = Self.check { $0.statuses = [200...200, 503...503] }
        #expect(Self.outcome(check, ["HTTP/1.1 503 Busy\r\n\r\n"]) == .success)
        #expect(Self.outcome(check, ["HTTP/1.1 204 No Content\r\n\r\n"]) == .failure("status_204"))
    }

    private static let large = String(repeating: "x", count: 65_530)

    @Test(arguments: [
        (["Content-Length: 4\r\n\r\nok", "ay"], CheckMachine.Outcome.success),
        (["Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "2\r\nay\r\n0\r\n\r\n"], .success),
        (["\r\n", "okay"], .success),
        (["Content-Length: 2\r\n\r\nno"], .failure("body_mismatch")),
        (["Content-Length: 5\r\n\r\nokay"], .failure("response_incomplete")),
        (["Transfer-Encoding: chunked\r\n\r\nzz\r\n"], .failure("invalid_response")),
        (["Content-Length: 99999\r\n\r\n", large, "okayxx"], .success),
        (["Content-Length: 99999\r\n\r\n", large, "xxxokay"], .failure("body_mismatch")),
    ])
    func `The pattern is matched with the first 64 KiB of the body`(
        reads: [String],
        outcome: CheckMachine.Outcome
    ) {
        let check = Self.check { $0.body = "ok(?=ay)" }
        let first = ["HTTP/1.1 200 OK\r\n"] + reads
        #expect(Self.outcome(check, first) == outcome)
        #expect(Self.outcome(check, first.joined().map(String.init)) == outcome)
    }

    @Test func `A pattern that is not valid, and one that backtracks, are failures`() {
        #expect(Self.check { $0.body = "(" }.flaw == "invalid_pattern")
        let slow = Self.check { $0.body = "^(a+)+$" }
        let body = String(repeating: "a", count: 5_000) + "b"
        let outcome = Self.outcome(slow, ["HTTP/1.1 200 OK\r\nContent-Length: 5001\r\n\r\n" + body])
        #expect([.failure("match_limit"), .failure("body_mismatch")].contains(outcome))
    }

    @Test func `A connection alone sends nothing`() {
        var check = HealthCheck()
        check.kind = .tcp
        check.port = 9
        let prepared = PreparedCheck(check, of: Self.endpoint)
        #expect(CheckMachine(prepared).connected() == nil && prepared.endpoint.port == 9)
    }
}
