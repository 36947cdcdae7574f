import Metrics
import NIOCore
import Proxy
import ProxyCore

/// What a tier has counted at some moments of the last seconds: the rates between them.
struct TrafficWindow {
    struct Sample: Sendable {
        let time: NIODeadline
        let rules: [String: RequestCounts]
        let endpoints: [EndpointTotals.Place: EndpointCounts]
        let requestsInFlight: Int

        init(_ figures: TierFigures, time: NIODeadline) {
            self.time = time
            rules = RuleTotals(figures.loops).counts
            endpoints = EndpointTotals(figures.endpoints).counts
            requestsInFlight = figures.loops.reduce(0) { $0 + $1.counters.requestsInFlight }
        }
    }

    /// The least time between two samples.
    static let shortest = Duration.seconds(1)
    /// The time that rates are of, where there are samples for it.
    private static let length = TimeAmount.seconds(10)
    /// Samples that are older say nothing of now.
    private static let longest = TimeAmount.seconds(60)

    private var samples: [Sample] = []

    /// Rates need another sample.
    var isSingle: Bool { samples.count < 2 }

    /// Whether the last sample is old enough.
    func isDue(now: NIODeadline) -> Bool {
        samples.last.map { now - $0.time >= TimeAmount(Self.shortest) } ?? true
    }

    mutating func add(_ sample: Sample) {
        // Two who ask at a time: the later sample counts.
        guard samples.last.map({ $0.time < sample.time }) ?? true else { return }
        samples.append(sample)
        samples.removeAll { sample.time - $0.time > Self.longest }
        while samples.count > 2, sample.time - samples[1].time >= Self.length { samples.removeFirst() }
    }

    func report() -> TrafficReport {
        guard let first = samples.first, let last = samples.last else { return TrafficReport() }
        let seconds = max(0.001, Double((last.time - first.time).nanoseconds) / 1e9)
        var sum = RequestCounts()
        var rules: [(name: String, counts: RequestCounts)] = []
        for (name, counts) in last.rules {
            let counts = counts.since(first.rules[name] ?? RequestCounts())
            guard counts.count > 0 else { continue }
            sum.add(counts)
            rules.append((name, counts))
        }
        var endpoints: [(pool: String, endpoint: String, counts: EndpointCounts)] = []
        for (place, counts) in last.endpoints {
            let counts = counts.since(first.endpoints[place] ?? EndpointCounts())
            if counts.count > 0 { endpoints.append((place.pool, "\(place.endpoint)", counts)) }
        }
        rules.sort { ($1.counts.count, $0.name) < ($0.counts.count, $1.name) }
        endpoints.sort { ($1.counts.count, $0.pool, $0.endpoint) < ($0.counts.count, $1.pool, $1.endpoint) }
        var report = TrafficReport()
        report.windowSeconds = (seconds * 10).rounded() / 10
        report.requestsPerSecond = Self.rate(sum.count, seconds)
        report.errorsPerSecond = Self.rate(sum.errors, seconds)
        report.inFlight = last.requestsInFlight
        report.rules = rules.prefix(TrafficReport.maxRules).map { name, counts in
            TrafficReport.Rule(
                name: name,
                requestsPerSecond: Self.rate(counts.count, seconds),
                errorsPerSecond: Self.rate(counts.errors, seconds),
                p50Ms: counts.durations.milliseconds(0.5),
                p99Ms: counts.durations.milliseconds(0.99)
            )
        }
        report.endpoints = endpoints.prefix(TrafficReport.maxEndpoints).map { pool, endpoint, counts in
            TrafficReport.Endpoint(
                pool: pool.isEmpty ? nil : pool,
                endpoint: endpoint,
                requestsPerSecond: Self.rate(counts.requests, seconds),
                errorsPerSecond: Self.rate(counts[status: 5] &+ counts[status: 0], seconds)
            )
        }
        for index in 0..<StatusClass.count where sum[status: index] > 0 {
            report.statuses[StatusClass.name(index)] = Self.rate(sum[status: index], seconds)
        }
        return report
    }

    private static func rate(_ count: UInt64, _ seconds: Double) -> Double {
        (Double(count) / seconds * 100).rounded() / 100
    }
}
