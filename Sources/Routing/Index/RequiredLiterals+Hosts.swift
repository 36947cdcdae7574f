import Bytes
import PatternSyntax

extension RequiredLiterals {
    /// Whether a host contains them. Prefix and suffix do not overlap.
    func hold(in host: Span<UInt8>) -> Bool {
        if isWhole { return host.equals(prefix.span) }
        guard host.count >= prefix.count + suffix.count else { return false }
        guard host.hasPrefix(prefix.span), host.hasSuffix(suffix.span) else { return false }
        if inner.isEmpty { return true }
        let middle = host.extracting(prefix.count..<(host.count - suffix.count))
        return inner.allSatisfy { middle.contains($0.span) }
    }
}
