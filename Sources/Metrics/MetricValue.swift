/// What a sample may be.
package protocol MetricValue {
    /// As in the text format of Prometheus.
    var metricText: String { get }
}

extension UInt64: MetricValue {
    package var metricText: String { "\(self)" }
}

extension Int: MetricValue {
    package var metricText: String { "\(self)" }
}

extension Bool: MetricValue {
    package var metricText: String { self ? "1" : "0" }
}

extension Double: MetricValue {
    package var metricText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Inf" : "+Inf" }
        // Whole numbers without a fraction, also large ones: `1764482400`.
        if magnitude < 1e15, self == rounded() { return "\(Int64(self))" }
        return "\(self)"
    }
}
