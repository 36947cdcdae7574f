/// Sizes that no deployment needs to change.
package enum TransportSizes {
    /// Bytes that may wait for a slow reader before its source is not read. A read that was under way comes on top.
    package static let highWatermark = 64 << 10
    /// … and at how many it is read again.
    package static let lowWatermark = 16 << 10
}
