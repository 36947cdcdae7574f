import PCRE2

/// What the templates of a rule may refer to: resolves names and numbers.
struct TemplateScope {
    var host: CaptureGroups?
    var path: CaptureGroups?
    /// Set while the template of `rewrite_path` is read.
    var rewrite: CaptureGroups?

    func resolve(number: Int, _ range: Range<Int>) throws(TemplateParser.Failure) -> Template.Capture {
        let groups: CaptureGroups
        let source: Template.Capture.Source
        if let rewrite {
            (groups, source) = (rewrite, .rewrite)
        } else if host != nil, path != nil {
            throw TemplateParser.Failure(
                range: range,
                message: "`$\(number)` is ambiguous: the host and the path are both patterns",
                hint: "name the groups, `(?<name>…)`, and write `${name}`"
            )
        } else if let host {
            (groups, source) = (host, .host)
        } else if let path {
            (groups, source) = (path, .path)
        } else {
            throw TemplateParser.Failure(
                range: range,
                message: "the rule has no pattern, so it captures nothing",
                hint: "make `host` or `path` a pattern: `~…`; write `$$` for a dollar"
            )
        }
        guard number <= groups.count else {
            let has = groups.count == 1 ? "1 group" : "\(groups.count) groups"
            throw TemplateParser.Failure(
                range: range,
                message: "there is no group \(number): the pattern has \(has)"
            )
        }
        return Template.Capture(source: source, numbers: [number])
    }

    private var isGuessed: Bool { host?.isGuessed == true || path?.isGuessed == true }

    /// Nil: no pattern captures the name.
    func resolve(name: String) -> Template.Capture? {
        let sources: [(CaptureGroups?, Template.Capture.Source)] = [
            (rewrite, .rewrite), (host, .host), (path, .path),
        ]
        for (groups, source) in sources {
            guard let numbers = groups?.numbers(name), !numbers.isEmpty else { continue }
            return Template.Capture(source: source, numbers: numbers)
        }
        return nil
    }

    func unknown(_ name: String, _ range: Range<Int>) -> TemplateParser.Failure {
        let names = [host, path, rewrite].compactMap { $0 }.flatMap {
            $0.names.sorted { $0.key < $1.key }.map(\.value)
        }
        let known =
            names.isEmpty
            ? "no pattern of the rule has named groups" : "captured: \(names.joined(separator: ", "))"
        let builtIns = TemplateVariable.allCases.map(\.rawValue).joined(separator: ", ")
        return TemplateParser.Failure(
            range: range,
            message: "no pattern captures `\(name)`",
            hint: "\(known); of the request: \(builtIns)"
        )
    }

    /// Reads a template whose substitutions all have the same context.
    func template(
        _ text: String,
        _ escape: Template.Escape,
        without excluded: [TemplateVariable] = []
    ) throws(TemplateParser.Failure) -> Template {
        var pieces: [Template.Piece] = []
        for part in try TemplateParser.parse(text) {
            pieces.append(try piece(part, escape, without: excluded))
        }
        return Template(pieces: pieces)
    }

    func piece(
        _ part: TemplateParser.Part,
        _ escape: Template.Escape,
        without excluded: [TemplateVariable] = []
    ) throws(TemplateParser.Failure) -> Template.Piece {
        switch part {
        case .literal(let bytes, _):
            return .literal(bytes)
        case .number(let number, let range):
            return .capture(try resolve(number: number, range), escape)
        case .name(let name, let range):
            if let builtIn = TemplateVariable(rawValue: name) {
                guard !excluded.contains(builtIn) else {
                    throw TemplateParser.Failure(range: range, message: "`${\(name)}` cannot be used here")
                }
                return .builtIn(builtIn, escape)
            }
            if let capture = resolve(name: name) { return .capture(capture, escape) }
            // A part of an invalid pattern may capture it.
            if isGuessed { return .capture(Template.Capture(source: .host, numbers: []), escape) }
            throw unknown(name, range)
        }
    }
}
