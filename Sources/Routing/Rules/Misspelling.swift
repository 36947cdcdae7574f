import Bytes

/// What a text of a rule was probably meant to be: a pattern without its `~`, a reference without its `$`.
package enum Misspelling {
    /// Whether a text that stands for itself is written like a regular expression.
    package static func looksLikePattern(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard !isAddress(bytes) else { return false }
        if bytes.first == UInt8(ascii: "^") || bytes.last == UInt8(ascii: "$") { return true }
        if bytes.contains(UInt8(ascii: "\\")) { return true }
        for (index, byte) in bytes.enumerated() {
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            switch byte {
            // `.*`, `.+`, `)?`, `]{2}`
            case UInt8(ascii: "."), UInt8(ascii: ")"), UInt8(ascii: "]"):
                if "*+?{".utf8.contains(next) { return true }
            // `(?:`, `(a|b)`
            case UInt8(ascii: "("):
                let inside = bytes[index...].prefix { $0 != UInt8(ascii: ")") }
                if next == UInt8(ascii: "?") || inside.contains(UInt8(ascii: "|")) { return true }
            // `[a-z]`, `[^.]`
            case UInt8(ascii: "["):
                let inside = bytes[(index + 1)...].prefix { $0 != UInt8(ascii: "]") }
                let isClosed = inside.endIndex < bytes.count
                if isClosed, next == UInt8(ascii: "^") || inside.contains(UInt8(ascii: "-")) { return true }
            default: break
            }
        }
        return false
    }

    /// What to do about a host that is not valid; nil where its error says it.
    package static func hint(host text: String) -> String? {
        let bytes = Array(text.utf8)
        if looksLikePattern(text) || bytes.contains(where: { "()|?+^$\\".utf8.contains($0) }) {
            return "a pattern begins with `~`: write `'~\(text)'`"
        }
        if text.contains("://") { return "write the host alone, without `http://`" }
        if bytes.contains(UInt8(ascii: "/")) {
            return "write the host alone: the path has a key of its own, `path`"
        }
        if bytes.first == UInt8(ascii: "."), bytes.count > 1 {
            return "`*\(text)` matches every name that ends in it"
        }
        if let name = reference(in: text)?.name {
            return "a host has no references: capture this part with `'~^(?<\(name)>[a-z0-9]+)…$'`"
        }
        return nil
    }

    /// The first `{name}` without the `$` of a reference, with its bytes.
    package static func reference(in text: String) -> (name: String, range: Range<Int>)? {
        let bytes = Array(text.utf8)
        var index = 0
        while let open = bytes[index...].firstIndex(of: UInt8(ascii: "{")) {
            index = open + 1
            if open > 0, bytes[open - 1] == UInt8(ascii: "$") { continue }
            let name = bytes[index...].prefix(while: ASCII.isWord)
            guard !name.isEmpty, name.endIndex < bytes.count, bytes[name.endIndex] == UInt8(ascii: "}") else {
                continue
            }
            return (String(decoding: name, as: UTF8.self), open..<(name.endIndex + 1))
        }
        return nil
    }

    /// What to do about a template that is not valid; nil where its error says it.
    static func hint(template text: String) -> String? {
        reference(in: text).map { "a reference has a dollar: write `${\($0.name)}`" }
    }

    /// `[::1]`, `[2001:db8::1]:80`
    private static func isAddress(_ bytes: [UInt8]) -> Bool {
        guard bytes.first == UInt8(ascii: "["), let close = bytes.firstIndex(of: UInt8(ascii: "]")) else {
            return false
        }
        return bytes[1..<close].contains(UInt8(ascii: ":"))
    }
}
