import PCRE2

extension Pattern {
    /// Matches text with a scratch of its own.
    func match(_ subject: String) -> MatchOutcome {
        match(Array(subject.utf8).span, scratch: MatchScratch())
    }

    func matches(_ subject: String) -> Bool {
        if case .matched = match(subject) { true } else { false }
    }

    /// The text of each group, the whole match first; nil when there is no match.
    func groups(_ subject: String) -> [String?]? {
        let bytes = Array(subject.utf8)
        guard case .matched(let ranges) = match(bytes.span, scratch: MatchScratch()) else { return nil }
        return (0..<ranges.count).map { number in
            ranges[number].map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    func furthest(_ subject: String) -> Int { furthest(Array(subject.utf8).span) }
}
