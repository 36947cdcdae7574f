package import Settings

/// `TracingSettings` as each request reads them.
package struct TraceSettings: Sendable {
    /// The collector's URL.
    package let endpoint: String
    /// A new trace is sampled where the lower half of its id, without the highest bit, is below this.
    let threshold: UInt64
    /// Anybody's trace is continued, not only that of trusted peers.
    let acceptsAll: Bool

    package init(_ settings: TracingSettings) {
        endpoint = settings.endpoint
        let most = Double(UInt64(1) << 63)
        threshold = settings.sample >= 1 ? UInt64(1) << 63 : UInt64(max(0, settings.sample) * most)
        acceptsAll = settings.accept == .all
    }
}
