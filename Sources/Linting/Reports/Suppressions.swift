import RoutingConfig

/// Comments that silence findings: `# berth: allow unreachable_rule, unused_capture`, on the finding's
/// line, or on lines of comments right above it.
enum Suppressions {
    private static let mark = "# berth: allow "

    static func allow(_ finding: Diagnostic, in inspected: InspectedConfiguration) -> Bool {
        guard finding.line > 0, finding.severity != .error else { return false }
        var line = finding.line
        while line >= 1, let text = inspected.line(line, of: finding.file) {
            if line < finding.line, text.drop(while: { $0 == " " }).first != "#" { return false }
            if codes(in: text).contains(finding.code.rawValue) { return true }
            line -= 1
        }
        return false
    }

    /// The codes that a line's comment allows; a hyphen does for an underscore.
    static func codes(in line: String) -> Set<String> {
        // Compared as bytes: a line may be long, and has no need of Unicode here.
        let bytes = Array(line.utf8)
        let mark = Array(Self.mark.utf8)
        guard bytes.count > mark.count else { return [] }
        for start in 0...(bytes.count - mark.count)
        where bytes[start] == mark[0] && bytes[start..<(start + mark.count)].elementsEqual(mark) {
            let words = bytes[(start + mark.count)...].split {
                $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",")
            }
            return Set(
                words.map { word in
                    let bytes = word.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
                    return String(decoding: bytes, as: UTF8.self)
                }
            )
        }
        return []
    }
}
