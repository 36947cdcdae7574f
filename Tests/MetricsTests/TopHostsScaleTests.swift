import Foundation
import Metrics
import TestSupport
import Testing

/// Names at random: `BERTH_METRICS_HOSTS` of them; `make long` takes a million.
private let hostCount =
    ProcessInfo.processInfo.environment["BERTH_METRICS_HOSTS"].flatMap { Int($0) } ?? 50_000

@Suite struct TopHostsScaleTests {
    @Test func `Any number of hosts takes the same room, and the one that comes most often is found`() {
        var random = SeededRandom(seed: 3)
        var hosts = TopHosts(capacity: 100, seed: 9, now: 0)
        for number in 0..<hostCount {
            let host = Array("\(random.next()).example:8080".utf8)
            hosts.add(host.span, TopFigures(requests: 1, bytes: 10))
            if number % 20 == 0 {
                let busy = Array("Busy.Example".utf8)
                hosts.add(busy.span, TopFigures(requests: 1, bytes: 1000, errors: 1))
            }
        }
        let count = UInt64((hostCount + 19) / 20)
        for order in TopHosts.Order.allCases {
            let entries = hosts.entries(by: order, now: 1).entries
            #expect(entries.count == (order == .errors ? 1 : 100))
            var ranking = TopRanking()
            ranking.add(entries.filter { $0.key == Array("busy.example".utf8) })
            #expect(ranking.hosts(by: order, limit: 1).first?.figures.requests == count, "\(order)")
        }
    }
}
