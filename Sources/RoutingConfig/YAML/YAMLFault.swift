/// Why a text is not YAML, in the words of somebody who wants to have it fixed.
enum YAMLFault {
    static func diagnostic(of fault: YAMLProblem, in source: SourceText) -> Diagnostic {
        if fault.isOutOfMemory {
            return source.diagnostic(.tooMany, at: 0..<0, "there is not enough memory to read this file")
        }
        let (problem, mark) = (fault.problem, fault.mark)
        let opening = fault.contextMark.line
        var offset = source.offset(line: mark.line, column: mark.column)
        let next = offset < source.bytes.count ? source.bytes[offset] : nil
        let activity = fault.context
        var message = activity.isEmpty ? problem : "\(problem) \(activity)"
        if !activity.isEmpty, opening != mark.line { message += " (it begins on line \(opening))" }
        var hint: String?
        switch problem {
        case "found character that cannot start any token" where next == UInt8(ascii: "\t"):
            message = "a tab cannot indent YAML"
            hint = "use blanks"
        case "found character that cannot start any token":
            hint = "put the value in single quotes"
        case "did not find expected alphabetic or numeric character"
        where activity == "while scanning an alias":
            message = "`*` begins an alias in YAML"
            hint = "put a wildcard host in quotes: '*.example.org'"
            if offset > 0, source.bytes[offset - 1] == UInt8(ascii: "*") { offset -= 1 }
        case "found unknown escape character":
            message = "this is no escape sequence of YAML's double quotes"
            hint = "put patterns in single quotes: there a backslash is a backslash"
            if offset > 0, source.bytes[offset - 1] == UInt8(ascii: "\\") { offset -= 1 }
        case "found unexpected end of stream" where activity == "while scanning a quoted scalar":
            message = "this quote is not closed"
            offset = source.offset(line: opening, column: fault.contextMark.column)
        case "mapping values are not allowed in this context":
            message = "a `:` where no key can be"
            hint = "is the line indented as its neighbours? A value with `: ` in it needs quotes"
        case let problem where problem.hasPrefix("found a tab character"):
            message = "a tab cannot indent YAML"
            hint = "use blanks"
        case "did not find expected key":
            hint = "is the line indented as its neighbours, and is every quote above it closed?"
        case "did not find expected '-' indicator",
            "could not find expected ':'":
            hint = "is the line indented as its neighbours?"
        case "did not find expected ',' or '}'", "did not find expected ',' or ']'":
            hint = "inside of { } and [ ] a text with any of { } [ ] , needs quotes"
        case let problem where problem.hasPrefix("Maximum nesting level reached"):
            message = "this is nested too deeply"
        default:
            break
        }
        return source.diagnostic(.badYAML, at: offset..<offset, message, hint: hint)
    }
}
