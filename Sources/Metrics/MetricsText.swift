/// Writes metrics in the text format of Prometheus, version 0.0.4.
package struct MetricsText: Sendable {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var bytes: [UInt8] = []
    /// Labels that all series of a family have, besides those of the process itself.
    private let common: [(name: String, value: String)]
    private var family = MetricFamily("", .gauge, "")
    private var hasCommon = true

    /// - Parameter common: for all series but those of families that begin with `process_`.
    package init(common: [(name: String, value: String)] = []) {
        self.common = common
    }

    /// Begins a family. Its samples follow.
    package mutating func begin(_ family: MetricFamily) {
        self.family = family
        hasCommon = !family.name.utf8.starts(with: "process_".utf8)
        append("# HELP \(family.name) ")
        for byte in family.help.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            default: bytes.append(byte)
            }
        }
        append("\n# TYPE \(family.name) \(family.kind.rawValue)\n")
    }

    /// A sample of the family.
    ///
    /// - Parameter labels: the values of the family's labels, in their order.
    package mutating func sample(_ labels: [String], _ value: some MetricValue) {
        begin("", labels)
        end(value.metricText)
    }

    /// The sample of a family without labels.
    package mutating func sample(_ value: some MetricValue) { sample([], value) }

    package mutating func sample(_ labels: [String], _ histogram: DurationHistogram) {
        var sum: UInt64 = 0
        for bucket in 0..<DurationHistogram.bucketCount {
            sum &+= histogram[bucket]
            let bounds = DurationHistogram.bounds
            let bound = bucket < bounds.count ? (Double(bounds[bucket]) / 1e9).metricText : "+Inf"
            begin("_bucket", labels, bound: bound)
            end("\(sum)")
        }
        begin("_sum", labels)
        end((Double(histogram.sum) / 1e9).metricText)
        begin("_count", labels)
        end("\(sum)")
    }

    private mutating func begin(_ suffix: String, _ labels: [String], bound: String? = nil) {
        append(family.name)
        append(suffix)
        var separator = "{"
        func label(_ name: String, _ value: String, _ text: inout MetricsText) {
            text.append(separator)
            separator = ","
            text.append(name)
            text.append("=\"")
            text.append(escaped: value)
            text.append("\"")
        }
        if hasCommon { for (name, value) in common { label(name, value, &self) } }
        for (name, value) in zip(family.labels, labels) { label(name, value, &self) }
        if let bound { label("le", bound, &self) }
        append(separator == "{" ? " " : "} ")
    }

    private mutating func end(_ value: String) {
        append(value)
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func append(escaped text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\n"): append("\\n")
            default: bytes.append(byte)
            }
        }
    }
}
