import Metrics
import Testing

@Suite struct MetricsTextTests {
    private func text(_ body: (inout MetricsText) -> Void) -> String {
        var text = MetricsText(common: [("tier", "front")])
        body(&text)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    @Test func `Labels and help texts are escaped`() {
        let written = text {
            $0.begin(MetricFamily("x_total", .counter, ["rule"], "a \\ b\nc \"d\""))
            $0.sample(["q\"\\\n\u{1}é"], 3)
        }
        #expect(
            written == """
                # HELP x_total a \\\\ b\\nc "d"
                # TYPE x_total counter
                x_total{tier="front",rule="q\\"\\\\\\n\u{1}é"} 3

                """
        )
    }

    @Test func `The buckets of a histogram contain those below, and the last has all`() {
        var histogram = DurationHistogram()
        for duration: UInt64 in [100_000, 700_000, 700_000, 90_000_000_000] {
            histogram.record(nanoseconds: duration)
        }
        let lines = text {
            $0.begin(MetricFamily("t_seconds", .histogram, ["rule"], "t"))
            $0.sample(["a"], histogram)
        }.split(separator: "\n").dropFirst(2)
        #expect(lines.count == DurationHistogram.bucketCount + 2)
        #expect(lines.contains(#"t_seconds_bucket{tier="front",rule="a",le="0.0005"} 1"#))
        #expect(lines.contains(#"t_seconds_bucket{tier="front",rule="a",le="0.001"} 3"#))
        #expect(lines.contains(#"t_seconds_bucket{tier="front",rule="a",le="60"} 3"#))
        #expect(lines.contains(#"t_seconds_bucket{tier="front",rule="a",le="+Inf"} 4"#))
        #expect(lines.contains(#"t_seconds_sum{tier="front",rule="a"} 90.0015"#))
        #expect(lines.last == #"t_seconds_count{tier="front",rule="a"} 4"#)
    }

    @Test func `Metrics of the process have no labels`() {
        let written = text {
            $0.begin(BerthMetrics.cpu)
            $0.sample(0.25)
        }
        #expect(written.hasSuffix("\nprocess_cpu_seconds_total 0.25\n"))
    }

    @Test(arguments: [
        (0.0, "0"), (1_764_482_400, "1764482400"), (0.5, "0.5"), (-2, "-2"), (.infinity, "+Inf"),
        (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
    ])
    func `Numbers are written as Prometheus reads them`(number: Double, expected: String) {
        #expect(number.metricText == expected)
    }

    @Test func `Names follow the conventions of Prometheus, and each is there once`() {
        #expect(Set(BerthMetrics.all.map(\.name)).count == BerthMetrics.all.count)
        for family in BerthMetrics.all {
            #expect(family.name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil)
            #expect(family.name.hasSuffix("_total") == (family.kind == .counter), "\(family.name)")
            #expect(family.kind != .histogram || family.name.hasSuffix("_seconds"))
            #expect(!family.labels.contains("le") && !family.labels.contains("tier"))
            #expect(!family.help.isEmpty && !family.help.hasSuffix("."))
        }
    }
}
