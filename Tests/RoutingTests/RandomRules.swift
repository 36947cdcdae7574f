import TestSupport

@testable import Routing

/// Rule sets and hosts out of a small alphabet, so that they meet often: the patterns that people
/// write, and everything else that PCRE2 reads.
struct RandomRules {
    var random: SeededRandom

    init(_ seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    mutating func one(of choices: [String]) -> String {
        choices.randomElement(using: &random) ?? ""
    }

    mutating func chance(_ part: Int, of whole: Int) -> Bool {
        Int.random(in: 0..<whole, using: &random) < part
    }

    // MARK: Rules

    /// Some that compile, 1 to 60.
    mutating func definitions() -> [RuleDefinition] {
        let count =
            chance(1, of: 8)
            ? Int.random(in: 20...60, using: &random) : Int.random(in: 1...14, using: &random)
        let flavour = Int.random(in: 0..<6, using: &random)
        return (0..<count).compactMap { number in
            var rule = RuleDefinition(
                name: "r\(number)",
                host: host(flavour),
                action: .forward(to: one(of: ["name", "n-${request_host}", "name:90"]))
            )
            if chance(1, of: 5) { rule.path = one(of: ["/a", "=/b", "~^/(a|b)", "/"]) }
            if chance(1, of: 12) { rule.methods = ["POST"] }
            if chance(1, of: 12) {
                rule.headers = [HeaderMatch(name: "x-a", value: one(of: ["1", "~b", "*"]))]
            }
            if chance(1, of: 12) { rule.rewritePath = PathRewrite(match: "a", with: "/c") }
            if chance(1, of: 10) { rule.action = .redirect(to: "http://x.test/${request_host}", status: 302) }
            if let host = rule.host, host.hasPrefix("~"), chance(1, of: 2), rule.rewritePath == nil {
                rule.action = .forward(to: one(of: ["h$0", "h$1", "h${1}-$2", "h"]))
            }
            return (try? RouteTable([rule])) == nil ? nil : rule
        }
    }

    private mutating func host(_ flavour: Int) -> String? {
        switch (flavour, Int.random(in: 0..<10, using: &random)) {
        case (_, 0): return chance(1, of: 3) ? nil : name()
        case (_, 1): return "*." + name()
        case (0, _): return #"~^(?<app>[a-z0-9]+)\."# + escaped(name()) + "$"
        case (1, _):
            return "~^" + escaped(name()) + #"_(?<c>[ab.]+)_(?<h>[0-9]{2})\."# + escaped(name()) + "$"
        case (2, _):
            return "~" + one(of: ["[ab]+", ".*", "(a|b.)+?", "([^.]*)"]) + escaped(name())
                + one(of: ["[ab.]*", ".", ""])
        default: return "~" + pattern(2)
        }
    }

    private mutating func name() -> String {
        while true {
            let name = random.text(["a", "b", ".", "a.b", "-", "_", "ab", "aab", "01"], 1...5)
            if (try? HostName(name)) != nil, !name.hasSuffix(".") { return name }
        }
    }

    private func escaped(_ text: String) -> String {
        text.map { $0 == "." || $0 == "-" ? "\\\($0)" : "\($0)" }.joined()
    }

    // MARK: Patterns

    /// Any syntax, sensible or not.
    mutating func pattern(_ depth: Int) -> String {
        let count = Int.random(in: 1...5, using: &random)
        var text = depth == 2 && chance(1, of: 3) ? "^" : ""
        for _ in 0..<count { text += piece(depth) }
        if depth == 2, chance(1, of: 3) { text += "$" }
        if chance(1, of: 6) { text += "|" + piece(depth) }
        return text
    }

    private mutating func piece(_ depth: Int) -> String {
        var atom: String
        switch Int.random(in: 0..<13, using: &random) {
        case 0...4:
            atom = one(of: [
                "a", "b", "ab", "A", "\\.", "-", "_", "\\-", "\\_", "a\\.b", ".b", "0", "\\Qa.\\E", "\\x61",
                "\\x2e", "\\Qab\\E",
            ])
        case 5, 6:
            atom = one(of: [
                "[ab]", "[^.]", "[.]", "[a]", "[]a]", "[^]a]", "[a\\]b]", "[[:alpha:]]", "[\\w.]", "[a-b-]",
                ".",
                "\\w", "\\d", "\\D", "[[]", "[\\.]", "[a^]", "[B]", "[aa]", "[^a]", "[\\d]", "[\\x2e]",
                "[Aa]", "[\\Q.\\E]", "[a-a]", "[ab.]",
            ])
        case 7 where depth > 0, 8 where depth > 0, 9 where depth > 0:
            let open = one(of: [
                "(", "(", "(", "(?:", "(?:", "(?<n\(Int.random(in: 0...99, using: &random))>", "(?=", "(?!",
                "(?<=", "(?<!",
                "(?>", "(?P<p\(Int.random(in: 0...99, using: &random))>", "(?i:", "(?|", "(?s)(",
            ])
            atom = open + pattern(depth - 1) + ")"
        case 10:
            atom = one(of: [
                "^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z", "(?i)", "()", "\\1", "(?-i)", "\\Qa.\\E",
                "\\x61", "\\K",
                "(*ACCEPT)", "(?#b)", "(?1)", "\\G", "\\N", "(?x) a b", "(*COMMIT)", "(?(1)a|b)", "\\g1",
                "(?s)", "\\R",
                "\\Qb\\E", "\\Q.a", "\\Qa\\E\\Qb\\E", "\\x2e", "\\x{62}", "\\056", "\\cA", "[\\x61]",
                "[\\Qa\\E]",
                "(?x)", "(?x: a # b\n [.] )", "(?-i)A", "(?-i:aB)", "(?^)", "(?U)", "(?n)", "(?m)", "(?i-x)",
                "(?=a\\K)", "(?<=\\x61)", "(?:ab)", "(a.)", "\\k<n1>", "(?&n1)", "(?(DEFINE)a)",
                "(?(?=a)b|c)",
                "(*FAIL)", "(*SKIP)", "(*THEN)", "(*napla:a)", "(*atomic:ab|a)", "(?C)", "[^\\x00-\\x60]",
                "[^\\W]",
                "{", "}", "]", "a{,2}", "\\E", "(?=a)", "(?R)", "\\o{141}", "(?J)", "(?m)^", "\\/",
            ])
        default: atom = one(of: ["a", "b", "\\.", "ab"])
        }
        if chance(1, of: 4) {
            atom += one(of: ["*", "+", "?", "{2}", "{1,2}", "{0}", "{0,1}", "{1,}", "{0,}", "{1}", "{2,3}"])
            if chance(1, of: 4) { atom += one(of: ["?", "+", "{2}"]) }
        }
        return atom
    }

    // MARK: Hosts

    /// Normalised bytes: random, out of a rule's own text, or hostile.
    mutating func host(for rules: [RuleDefinition]) -> [UInt8] {
        while true {
            let text: String
            switch Int.random(in: 0..<8, using: &random) {
            case 0...2:
                text = random.text(["a", "b", ".", "a.b", "-", "_", "ab", "aab", "01", "x"], 1...8)
            case 3:
                let count = Int.random(in: 1...60, using: &random)
                text =
                    String(repeating: one(of: ["a", "b", "ab", "a.", "a_"]), count: count)
                    + one(of: ["", "x", ".b"])
            default: text = near(rules.randomElement(using: &random)?.host ?? "a")
            }
            if let host = try? HostName(text) { return host.bytes }
        }
    }

    /// What is left of a rule's text when its syntax is taken out, and some changed.
    private mutating func near(_ rule: String) -> String {
        var text = rule.replacing(#"(?<app>[a-z0-9]+)"#, with: one(of: ["a", "ab01", ""]))
            .replacing(#"(?<c>[ab.]+)"#, with: one(of: ["a", "ab.b", "_"])).replacing(
                "(?<h>[0-9]{2})",
                with: "01"
            )
        for (written, read) in [
            ("\\Q", ""), ("\\E", ""), ("\\x2e", "."), ("\\056", "."), ("\\x61", "a"), ("(?x)", ""),
        ] {
            text = text.replacing(written, with: read)
        }
        text = text.filter { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_" }
        if rule.hasPrefix("*.") { text = one(of: ["a", "b.a", ""]) + "." + text.dropFirst() }
        if chance(1, of: 3), let place = text.indices.randomElement(using: &random) {
            text.replaceSubrange(place...place, with: one(of: ["", "a", "b", ".", "aa"]))
        }
        if chance(1, of: 6) { text = one(of: ["a", "a.", "x"]) + text }
        if chance(1, of: 6) { text += one(of: ["a", ".a", "x"]) }
        return text
    }
}

extension SeededRandom {
    /// A text of `count` pieces out of `pieces`.
    mutating func text(_ pieces: [String], _ count: ClosedRange<Int>) -> String {
        (0..<Int.random(in: count, using: &self)).map { _ in pieces.randomElement(using: &self) ?? "" }
            .joined()
    }
}
