import Bytes

/// Which fields pass although the peer or the endpoint that wrote them is not trusted (`keep_headers`).
package struct KeptFields: Sendable {
    /// In lower case: names of claimed fields, and `proxy-status`.
    private let names: [[UInt8]]
    /// The failures of another tier keep their `Proxy-Status`: of a front tier's endpoints, which are local tiers.
    package let statusOfTiers: Bool

    package init(_ names: [[UInt8]] = [], statusOfTiers: Bool = false) {
        self.names = names
        self.statusOfTiers = statusOfTiers
    }

    func contains(_ name: Span<UInt8>) -> Bool {
        for known in names where known.span.equalsIgnoringCase(name) { return true }
        return false
    }
}
