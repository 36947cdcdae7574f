import PCRE2
import PatternSyntax
import Routing

/// The addresses that one capture gives: `10.0.0.$number`.
///
/// In Berth a captured text is a name and never an address, so `names` must list these addresses.
struct CapturedAddresses {
    /// An address as the capture spells it, and in its usual form: `10.0.0.01` is `10.0.0.1`.
    struct Entry {
        let spelling: String
        let address: String
    }

    let entries: [Entry]

    /// - Returns: nil if the name is not an address with captures.
    /// - Throws: if it is one, but its addresses cannot be listed.
    init?(_ name: [ValuePart], _ context: RuleContext, at position: SourceLocation) throws(Untranslatable) {
        func fail(_ cause: String) -> Untranslatable {
            let why = "\(cause) the address: list the possible addresses under `names`"
            return Untranslatable("proxy_pass", at: position, why)
        }
        if name.count == 1, let group = Self.group(name[0], context), Self.matches(group, "10.0.0.1"),
            !Self.matches(group, "a.b"), !Self.matches(group, "a.b.c.d")
        {
            throw fail("a capture gives")
        }
        guard Self.isAddress(name) else { return nil }
        let captures = name.filter { if case .literal = $0 { false } else { true } }
        guard captures.count == 1, let group = Self.group(captures[0], context) else {
            throw fail(captures.count > 1 ? "several captures give" : "a variable gives")
        }
        var entries: [Entry] = []
        for number in 0...255 {
            let digits = String(number)
            for width in digits.count...3 {
                let text = String(repeating: "0", count: width - digits.count) + digits
                guard Self.matches(group, text) else { continue }
                let spelling = name.map { if case .literal(let piece) = $0 { piece } else { text } }.joined()
                let octets = spelling.split(separator: ".").compactMap { Int($0) }
                guard octets.count == 4, octets.allSatisfy({ (0...255).contains($0) }) else { continue }
                let address = octets.map(String.init).joined(separator: ".")
                entries.append(Entry(spelling: spelling, address: address))
            }
        }
        self.entries = entries
    }

    /// Whether the name has four labels of digits and captures.
    private static func isAddress(_ name: [ValuePart]) -> Bool {
        let text = name.map { if case .literal(let piece) = $0 { piece } else { "0" } }.joined()
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count == 4 && name.count > 1
            && labels.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// The pattern of a capture's group alone; nil: the rule does not have its expression.
    private static func group(_ part: ValuePart, _ context: RuleContext) -> Pattern? {
        guard case .capture(let id, let number) = part,
            let regex = (context.active + context.condition.host.patterns).first(where: { $0.id == id }),
            let range = regex.tree.captures.first(where: { $0.number == number })?.range
        else { return nil }
        let text = String(decoding: regex.tree.text[range], as: UTF8.self)
        return try? Pattern(text, options: [.caseless, .wholeSubject])
    }

    private static func matches(_ group: borrowing Pattern, _ text: String) -> Bool {
        if case .matched = group.match(Array(text.utf8).span, scratch: MatchScratch()) { return true }
        return false
    }
}
