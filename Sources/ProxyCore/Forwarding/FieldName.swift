import Bytes

/// Names of header fields, as other programs compare them.
enum FieldName {
    /// Whether a program that ignores case and replaces every mark by `-`, as CGI does, cannot tell the names
    /// apart.
    static func isMistakable(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where unmarked(left[index]) != unmarked(right[index]) { return false }
        return true
    }

    private static func unmarked(_ byte: UInt8) -> UInt8 {
        ASCII.isLetterOrDigit(byte) ? ASCII.lowercased(byte) : ASCII.hyphen
    }
}
