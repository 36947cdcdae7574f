import PatternLanguages
import PatternSyntax

extension PatternNode {
    /// The tree on one line, for tests.
    var outline: String {
        switch kind {
        case .empty: "ε"
        case .byte(let byte, let ignoresCase):
            (ignoresCase ? "i" : "") + "'" + String(UnicodeScalar(byte)) + "'"
        case .set(let set, let spelling): "set(\(set.count) \(spelling.word))"
        case .anchor(let anchor): "\(anchor)"
        case .sequence(let parts): "[" + parts.map(\.outline).joined(separator: " ") + "]"
        case .alternation(let branches): "alt(" + branches.map(\.outline).joined(separator: " | ") + ")"
        case .group(.capture(let number, let name), let inside):
            "group\(number)\(name.map { ":" + $0 } ?? "")(\(inside.outline))"
        case .group(.plain(let options), let inside): "plain\(options)(\(inside.outline))"
        case .group(let group, let inside): "\(group)(\(inside.outline))"
        case .quantified(let inside, let quantifier):
            "\(inside.outline){\(quantifier.min),\(quantifier.max.map(String.init) ?? "∞")"
                + " \(quantifier.mode)}"
        case .backreference(let reference): "back \(reference)"
        case .call(let reference): "call \(reference)"
        case .conditional(let condition, let then, let otherwise):
            "if \(condition.word) \(then.outline)" + (otherwise.map { " else \($0.outline)" } ?? "")
        case .newlineSequence: "\\R"
        case .matchStart: "\\K"
        case .options(let letters): "options \(letters)"
        case .verb(let verb): "verb \(verb)"
        case .comment: "comment"
        case .unknown(let why): "unknown: \(why)"
        }
    }
}

extension PatternNode.SetSpelling {
    fileprivate var word: String {
        switch self {
        case .dot: "."
        case .brackets(let isNegated): isNegated ? "[^]" : "[]"
        case .escape(let letter): "\\" + String(UnicodeScalar(letter))
        }
    }
}

extension PatternNode.Condition {
    fileprivate var word: String {
        switch self {
        case .reference(let reference): "\(reference)"
        case .look(let look): look.outline
        case .other(let text): text
        }
    }
}
