import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

extension Translator {
    /// Knows the addresses that a capture makes: `10.0.0.$number`.
    ///
    /// To Berth what a capture makes is a name, never an address; so `names` lists them.
    ///
    /// - Returns: whether the name is an address with captures.
    func nameAddresses(
        _ name: [Part],
        _ context: Context,
        at place: NginxPlace
    ) throws(Untranslatable) -> Bool {
        func fail(_ why: String) -> Untranslatable { Untranslatable("proxy_pass", at: place, why) }
        func accepts(_ part: Part, _ text: String) -> Bool { group(part, context)?.matches(text) ?? false }
        if name.count == 1, accepts(name[0], "10.0.0.1"), !accepts(name[0], "a.b"),
            !accepts(name[0], "a.b.c.d")
        {
            throw fail("a capture makes its address: write the addresses that it may lead to under `names`")
        }
        guard Self.isAddress(name) else { return false }
        let captures = name.filter { if case .literal = $0 { false } else { true } }
        guard captures.count == 1, let capture = captures.first, let group = group(capture, context) else {
            throw fail("several captures make its address: write those that it may lead to under `names`")
        }
        for number in 0...255 {
            let digits = String(number)
            for width in digits.count...3 {
                let text = String(repeating: "0", count: width - digits.count) + digits
                guard group.matches(text) else { continue }
                let spelled = name.map { if case .literal(let piece) = $0 { piece } else { text } }.joined()
                let octets = spelled.split(separator: ".").compactMap { Int($0) }
                guard octets.count == 4, octets.allSatisfy({ (0...255).contains($0) }) else { continue }
                addressNames[spelled] = (octets.map(String.init).joined(separator: "."), place)
            }
        }
        return true
    }

    /// Four labels that are digits or captures.
    private static func isAddress(_ name: [Part]) -> Bool {
        var text = ""
        for part in name {
            guard case .literal(let piece) = part else {
                text += "0"
                continue
            }
            text += piece
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count == 4 && name.count > 1
            && labels.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    private struct Group {
        let pattern: Pattern

        func matches(_ text: String) -> Bool {
            if case .matched = pattern.match(Array(text.utf8).span, scratch: MatchScratch()) { return true }
            return false
        }
    }

    /// What a capture can take, by itself.
    private func group(_ part: Part, _ context: Context) -> Group? {
        guard case .capture(let id, let number) = part,
            let regex = (context.active + context.condition.host.patterns).first(where: { $0.id == id }),
            let inside = regex.tree.captures.first(where: { $0.number == number }).map(\.range)
        else { return nil }
        let text = String(decoding: regex.tree.text[inside], as: UTF8.self)
        return (try? Pattern(text, options: [.caseless, .wholeSubject])).map(Group.init)
    }
}
