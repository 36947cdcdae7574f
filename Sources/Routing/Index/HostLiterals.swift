import Bytes

/// Bytes that a host must have for a pattern to match it: cheap to ask, and true of every match.
///
/// A host without them is no match; one with them may be.
struct HostLiterals: Sendable, Hashable {
    /// The host begins with this; all of it when `isWhole`.
    var prefix: [UInt8] = []
    /// The host ends with this.
    var suffix: [UInt8] = []
    /// Found somewhere between the two.
    var inner: [[UInt8]] = []
    /// The host is `prefix` and nothing else.
    var isWhole = false

    /// Inner texts that are kept: the longest. More would cost more than they spare.
    static let maxInner = 3

    var isEmpty: Bool { !isWhole && prefix.isEmpty && suffix.isEmpty && inner.isEmpty }

    /// Whether `host` has them. Prefix and suffix do not overlap.
    func hold(in host: Span<UInt8>) -> Bool {
        if isWhole { return host.equals(prefix.span) }
        guard host.count >= prefix.count + suffix.count else { return false }
        guard host.hasPrefix(prefix.span), host.hasSuffix(suffix.span) else { return false }
        if inner.isEmpty { return true }
        let middle = host.extracting(prefix.count..<(host.count - suffix.count))
        return inner.allSatisfy { middle.contains($0.span) }
    }

    /// What holds for a host of which `head`, then bytes with these literals, then `tail` is all.
    func between(_ head: ArraySlice<UInt8>, _ tail: ArraySlice<UInt8>) -> HostLiterals {
        if isWhole { return HostLiterals(prefix: head + prefix + tail, isWhole: true) }
        return HostLiterals(prefix: head + prefix, suffix: suffix + tail, inner: inner)
    }
}
