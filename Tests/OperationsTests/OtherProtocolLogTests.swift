import NIOCore
import Routing
import TestSupport
import Testing

@testable import Operations

@Suite struct OtherProtocolLogTests {
    @Test func `A hint is logged at once, and then once a minute for each protocol`() throws {
        let log = LogCapture()
        let hints = OtherProtocolLog(log.logger())
        let peer = try #require(IPAddress("192.0.2.7"))
        let start = NIODeadline.uptimeNanoseconds(5)
        for seconds in 0..<130 {
            hints.report("TLS", peer, 8080, now: start + .seconds(Int64(seconds)))
        }
        hints.report("HTTP/2", peer, 8080, now: start)
        let lines = log.lines
        #expect(lines.count { $0.metadata["protocol"] == "TLS" } == 3)
        #expect(lines.count { $0.metadata["protocol"] == "HTTP/2" } == 1)
        #expect(lines.allSatisfy { $0.metadata["client"] == "192.0.2.7" && $0.metadata["port"] == "8080" })
    }
}
