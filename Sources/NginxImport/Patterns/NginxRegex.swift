import PatternSyntax
import Routing

/// A regular expression of the configuration.
///
/// nginx searches for it anywhere in its subject. Berth's host patterns must match the whole host, so these
/// are rewritten; path patterns are searched for as in nginx.
struct NginxRegex {
    /// Unique within one import.
    let id: Int
    let text: String
    let ignoresCase: Bool
    let position: SourceLocation
    let tree: PatternTree

    init(id: Int, text: String, ignoresCase: Bool, position: SourceLocation) {
        self.id = id
        self.text = text
        self.ignoresCase = ignoresCase
        self.position = position
        self.tree = PatternTree(text, ignoresCase: ignoresCase)
    }

    var captureNames: [String] { tree.captures.compactMap(\.name) }

    /// The name of a group as the expression writes it: nginx's variables ignore case.
    func spelling(of name: String) -> String? {
        captureNames.first { $0.lowercased() == name.lowercased() }
    }

    /// Whether the expression refers to its own groups, by name or number.
    var refersToItself: Bool {
        var refers = false
        tree.root.walk { node in
            switch node.kind {
            case .backreference, .call, .conditional, .group(.branchReset, _): refers = true
            default: break
            }
            return !refers
        }
        return refers
    }

    /// Why it would mean something else as part of another expression; nil: it would not.
    var whyNotWrapped: String? {
        guard tree.isKnown else { return "the importer does not understand this expression" }
        var why: String?
        tree.root.walk { node in
            switch node.kind {
            case .verb: why = "a verb such as (*…) acts on the whole expression"
            case .matchStart: why = "\\K moves the start of the match"
            case .call(.number(0)): why = "it calls itself as a whole"
            case .comment where text.contains("#") && !text.contains("(?#"): why = "it ends in a comment"
            default: break
            }
            return why == nil
        }
        return why
    }

    // MARK: Shape

    /// The parts of the top level; nil if the top level is an alternation.
    private var parts: [PatternNode]? {
        switch tree.root.kind {
        case .alternation: nil
        case .sequence(let parts): parts
        default: [tree.root]
        }
    }

    /// Whether its first character anchors every match at the start of the subject.
    var beginsAtStart: Bool {
        guard case .anchor(.lineStart(multiline: false))? = parts?.first?.kind else { return false }
        return true
    }

    var endsAtEnd: Bool {
        guard case .anchor(.lineEnd(multiline: false))? = parts?.last?.kind else { return false }
        return true
    }

    /// The literal text after `^`, up to the first part that is not literal.
    var literalStart: [UInt8] {
        guard beginsAtStart, let parts else { return [] }
        var bytes: [UInt8] = []
        for part in parts.dropFirst() {
            guard case .byte(let byte, ignoresCase: false) = part.kind else { break }
            bytes.append(byte)
        }
        return bytes
    }

    /// Whether it would match other hosts in lower case if case were ignored, as Berth does for hosts.
    var dependsOnCase: Bool {
        guard !ignoresCase else { return false }
        guard tree.isKnown else { return true }
        var depends = false
        tree.root.walk { node in
            switch node.kind {
            case .byte(let byte, _): depends = ByteSet.upper.contains(byte)
            case .set(let set, _): depends = set.caseless.intersection(.lower) != set.intersection(.lower)
            // Assumed to depend on case without looking further.
            case .options, .group(.plain(options: "i"), _): depends = true
            default: break
            }
            return !depends
        }
        return depends
    }

    // MARK: Text

    /// The expression with new group names, by group number from 1.
    func text(naming names: [Int: String]) -> String {
        guard !names.isEmpty else { return text }
        var bytes: [UInt8] = []
        var copied = 0
        for capture in tree.captures {
            guard let name = names[capture.number] else { continue }
            let start = capture.range.lowerBound
            // After `(`, or after the name that the group already has.
            var end = start + 1
            if capture.name != nil {
                while end < tree.text.count, tree.text[end] != UInt8(ascii: "<"),
                    tree.text[end] != UInt8(ascii: "'")
                {
                    end += 1
                }
                end += 1
                while end < tree.text.count, tree.text[end] != UInt8(ascii: ">"),
                    tree.text[end] != UInt8(ascii: "'")
                {
                    end += 1
                }
                end += 1
            }
            guard copied <= start, end <= tree.text.count else { continue }
            bytes += tree.text[copied...start]
            bytes += "?<\(name)>".utf8
            copied = end
        }
        bytes += tree.text[copied...]
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A pattern without `^` and `$` that matches a whole host exactly when the expression is found in it, with
    /// the same captures.
    func wholeBody(naming names: [Int: String] = [:]) -> String {
        let text = text(naming: names)
        let sensitive = dependsOnCase
        if beginsAtStart, endsAtEnd {
            return (sensitive ? "(?-i)" : "") + String(text.dropFirst().dropLast())
        }
        if parts != nil, beginsAtStart { return (sensitive ? "(?-i)" : "") + String(text.dropFirst()) + ".*" }
        if parts != nil, endsAtEnd { return ".*?" + (sensitive ? "(?-i)" : "") + String(text.dropLast()) }
        if parts != nil, !sensitive { return ".*?\(text).*" }
        return ".*?(?\(sensitive ? "-i" : ""):\(text)).*"
    }

    /// As a path pattern for paths that also begin with `prefix`.
    func pathText(under prefix: String?, exactly: Bool = false, naming names: [Int: String] = [:]) -> String {
        let mark = ignoresCase ? "~*" : "~"
        let text = text(naming: names)
        guard let prefix, exactly || !literalStart.starts(with: prefix.utf8) else { return mark + text }
        let literal = RegexText.escaped(prefix) + (exactly ? "$" : "")
        let look = ignoresCase ? "^(?=(?-i:\(literal)))" : "^(?=\(literal))"
        if beginsAtStart { return mark + look + String(text.dropFirst()) }
        return mark + look + "(?s:.*?)(?:\(text))"
    }
}
