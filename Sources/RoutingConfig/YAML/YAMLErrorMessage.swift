/// Messages about text that is not YAML, for whoever has to correct it.
enum YAMLErrorMessage {
    static func diagnostic(of error: YAMLError, in source: SourceText) -> Diagnostic {
        if error.isOutOfMemory {
            return source.diagnostic(.tooMany, at: 0..<0, "not enough memory to read this file")
        }
        let (problem, mark) = (error.problem, error.mark)
        let opening = error.contextMark.line
        var offset = source.offset(line: mark.line, column: mark.column)
        let next = offset < source.bytes.count ? source.bytes[offset] : nil
        let activity = error.context
        var message = activity.isEmpty ? problem : "\(problem) \(activity)"
        if !activity.isEmpty, opening != mark.line { message += " (it starts on line \(opening))" }
        var hint: String?
        switch problem {
        case "found character that cannot start any token" where next == UInt8(ascii: "\t"):
            message = "a tab cannot indent YAML"
            hint = "use spaces"
        case "found character that cannot start any token":
            hint = "put the value in single quotes"
        case "did not find expected alphabetic or numeric character"
        where activity == "while scanning an alias":
            message = "`*` starts an alias in YAML"
            hint = "put a wildcard host in quotes: '*.example.org'"
            if offset > 0, source.bytes[offset - 1] == UInt8(ascii: "*") { offset -= 1 }
        case "found unknown escape character":
            message = "this is not a valid escape sequence in YAML's double quotes"
            hint = "put patterns in single quotes: there, a backslash is only a backslash"
            if offset > 0, source.bytes[offset - 1] == UInt8(ascii: "\\") { offset -= 1 }
        case "found unexpected end of stream" where activity == "while scanning a quoted scalar":
            message = "this quote is not closed"
            offset = source.offset(line: opening, column: error.contextMark.column)
        case "mapping values are not allowed in this context":
            message = "a `:` where a key is not allowed"
            hint = "is the line indented like its neighbors? A value with `: ` in it needs quotes"
        case let problem where problem.hasPrefix("found a tab character"):
            message = "a tab cannot indent YAML"
            hint = "use spaces"
        case "did not find expected key":
            hint = "is the line indented like its neighbors, and is every quote above it closed?"
        case "did not find expected '-' indicator",
            "could not find expected ':'":
            hint = "is the line indented like its neighbors?"
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            hint = "within { } and [ ], a text with any of { } [ ] , needs quotes"
        case let problem where problem.hasPrefix("Maximum nesting level reached"):
            message = "this is nested too deeply"
        default:
            break
        }
        return source.diagnostic(.badYAML, at: offset..<offset, message, hint: hint)
    }
}
