import Balancing
import Logging
import NIOConcurrencyHelpers
import NIOCore
import ProxyCore
import Routing
import TestSupport
import Testing

@testable import Operations

@Suite struct HealthLogTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// A connection that fails and one that is made, as a tier reports them.
    private func events() throws -> [HealthEvent] {
        let events = NIOLockedValueBox<[HealthEvent]>([])
        let endpoints = SharedEndpoints { event in events.withLockedValue { $0.append(event) } }
        let address = try #require(Endpoint("10.1.0.1:80"))
        let endpoint = endpoints.endpoint(address, identity: nil, pool: "api")
        endpoint.connecting(now: start)
        endpoint.connectFailed(now: start, detail: "connection_refused", evidence: "id-1")
        endpoint.connecting(now: start)
        endpoint.connected(now: start)
        return events.withLockedValue { $0 }
    }

    @Test func `A change is a line with its cause and what shows it`() throws {
        let log = LogCapture()
        let health = HealthLog(log.logger())
        for event in try events() { health.report(event, now: start) }
        #expect(log.lines.map(\.level) == [.warning, .notice])
        #expect(Set(log.messages) == ["the health of an endpoint changed"])
        let bad = [
            "endpoint": "10.1.0.1:80", "pool": "api", "from": "up", "to": "avoided",
            "cause": "connect_failed",
            "detail": "connection_refused", "evidence": "id-1",
        ]
        let good = [
            "endpoint": "10.1.0.1:80", "pool": "api", "from": "avoided", "to": "up", "cause": "connected",
        ]
        #expect(log.lines.map(\.metadata) == [bad, good])
    }

    @Test func `Many changes at once are some lines, and a number`() throws {
        let log = LogCapture()
        let health = HealthLog(log.logger())
        let event = try #require(try events().first)
        for _ in 0..<100 { health.report(event, now: start) }
        #expect(log.lines.count == 20)
        for _ in 0..<2 { health.report(event, now: start + .seconds(10)) }
        #expect(log.lines.count == 22)
        #expect(log.lines.suffix(2).map { $0.metadata["omitted"] } == ["80", nil])
    }
}
