import Bytes

/// Makes of a path as received the path that rules see, as nginx does: percent-decoded
/// once, repeated slashes merged, `.` and `..` resolved (RFC 3986 §5.2.4).
enum PathNormaliser {
    enum Result {
        case unchanged
        case changed
        case malformed
    }

    /// - Parameters:
    ///   - path: the path as received, without query; empty counts as `/`.
    ///   - out: becomes the normalised path, unless it is malformed: an invalid `%XX`, a NUL,
    ///     a path that does not begin at the root, or `..` above it.
    static func normalise(_ path: Span<UInt8>, into out: inout [UInt8]) -> Result {
        out.removeAll(keepingCapacity: true)
        guard !path.isEmpty else {
            out.append(slash)
            return .changed
        }
        guard path[0] == slash else { return .malformed }
        guard needsWork(path) else {
            out.append(path)
            return .unchanged
        }
        var index = 0
        // Where the segment that is being written begins, after its slash.
        var segment = 0
        while index < path.count {
            var byte = path[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard index + 1 < path.count, let high = ASCII.hexValue(path[index]),
                    let low = ASCII.hexValue(path[index + 1])
                else { return .malformed }
                byte = high << 4 | low
                index += 2
            }
            guard byte != 0 else { return .malformed }
            if byte == slash {
                guard endSegment(&out, from: segment, last: false) else { return .malformed }
                segment = out.count
            } else {
                out.append(byte)
            }
        }
        return endSegment(&out, from: segment, last: true) ? .changed : .malformed
    }

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// Ends a segment and, unless it is the last, the slash after it. False: above the root.
    private static func endSegment(_ out: inout [UInt8], from start: Int, last: Bool) -> Bool {
        let count = out.count - start
        if out.isEmpty {
            out.append(slash)
        } else if count == 1, out[start] == dot {
            out.removeLast()
        } else if count == 2, out[start] == dot, out[start + 1] == dot {
            // "…/parent/..": both go, the slash before the parent stays.
            out.removeLast(3)
            guard !out.isEmpty else { return false }
            while let byte = out.last, byte != slash { out.removeLast() }
        } else if count > 0, !last {
            out.append(slash)
        }
        return true
    }

    /// Whether there is a `%`, `//` or `/.` at all.
    private static func needsWork(_ path: Span<UInt8>) -> Bool {
        var afterSlash = false
        for index in path.indices {
            let byte = path[index]
            if byte == UInt8(ascii: "%") || byte == 0 { return true }
            if afterSlash, byte == slash || byte == dot { return true }
            afterSlash = byte == slash
        }
        return false
    }

    /// Whether a path as it would go out has a `.` or `..` segment, however spelled.
    static func hasDotSegment(_ path: Span<UInt8>) -> Bool {
        var dots = 0
        var others = false
        var index = 0
        while index < path.count {
            var byte = path[index]
            index += 1
            if byte == UInt8(ascii: "%"), index + 1 < path.count, let high = ASCII.hexValue(path[index]),
                let low = ASCII.hexValue(path[index + 1])
            {
                byte = high << 4 | low
                index += 2
            }
            if byte == slash || byte == UInt8(ascii: "\\") {
                if !others, dots == 1 || dots == 2 { return true }
                dots = 0
                others = false
            } else if byte == dot {
                dots += 1
            } else {
                others = true
            }
        }
        return !others && (dots == 1 || dots == 2)
    }
}
