/// The settings at the start of a pattern, such as `(*NO_JIT)` (pcre2pattern(3), "Special start-of-pattern items").
enum PatternSettings {
    /// The position of the first setting that changes a match limit; nil if there is none.
    static func limit(in text: [UInt8]) -> Int? {
        var start = 0
        while text[start...].starts(with: "(*".utf8) {
            guard let end = text[start...].firstIndex(of: UInt8(ascii: ")")) else { return nil }
            if text[(start + 2)..<end].starts(with: "LIMIT_".utf8) { return start }
            start = end + 1
        }
        return nil
    }
}
