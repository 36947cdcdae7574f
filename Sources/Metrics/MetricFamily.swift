/// A family of metrics: its name, its kind, the labels of its series, and what it means.
package struct MetricFamily: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package let name: String
    package let kind: Kind
    /// Besides `tier`, which all have but those of the process.
    package let labels: [String]
    /// One sentence, without a full stop.
    package let help: String

    package init(_ name: String, _ kind: Kind, _ help: String) {
        self.init(name, kind, [], help)
    }

    package init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }
}
