extension Diagnostic {
    /// The finding in the form that compilers use, without a newline at the end:
    ///
    ///     rules/front.yaml:3:27: error: missing closing parenthesis
    ///        3 |     host: '~^(?<app>[a-z]+'
    ///          |                           ^
    ///          = help: …
    ///
    /// Control characters of the file are replaced, so that a rule file cannot control
    /// the terminal.
    ///
    /// - Parameter color: with ANSI colours, for a terminal.
    public func rendered(color: Bool) -> String {
        let paint = Paint(on: color)
        let tone = severity == .error ? Paint.red : severity == .warning ? Paint.yellow : Paint.blue
        // A comment suppresses a finding by its code; errors cannot be suppressed.
        let kind = severity == .error ? severity.rawValue : "\(severity.rawValue) \(code.rawValue)"
        var location = Self.printable(file)
        if line > 0 { location += ":\(line)" + (column > 0 ? ":\(column)" : "") }
        var text = paint(Paint.bold, location + ": ") + paint(tone, kind + ":") + " "
        text += paint(Paint.bold, Self.printable(message))
        let number = String(line)
        let width = max(4, number.utf8.count)
        let gutter = String(repeating: " ", count: width)
        if let sourceLine, line > 0 {
            let rail = paint(Paint.blue, "|")
            let numbered = String(repeating: " ", count: width - number.utf8.count) + number
            text += "\n" + paint(Paint.blue, numbered) + " " + rail
            let shown = Self.printable(sourceLine)
            if !shown.isEmpty { text += " " + shown }
            text += "\n" + gutter + " " + rail + " " + Self.padding(shown, upTo: sourceColumn)
            text += paint(tone, "^" + String(repeating: "~", count: caretLength - 1))
        }
        if let hint {
            text += "\n" + gutter + " " + paint(Paint.blue, "=") + " " + paint(Paint.bold, "help:") + " "
            text += Self.printable(hint)
        }
        return text
    }

    /// The finding on one line, for a log:
    ///
    ///     rules/front.yaml:3:27: error: missing closing parenthesis (help: …)
    package var summary: String {
        var location = Self.printable(file)
        if line > 0 { location += ":\(line)" + (column > 0 ? ":\(column)" : "") }
        let kind = severity == .error ? severity.rawValue : "\(severity.rawValue) \(code.rawValue)"
        return "\(location): \(kind): \(Self.printable(message))"
            + (hint.map { " (help: \(Self.printable($0)))" } ?? "")
    }

    /// Spaces as wide as the text before `column`; a tab stays a tab.
    private static func padding(_ line: String, upTo column: Int) -> String {
        var padding = ""
        for scalar in line.unicodeScalars.prefix(max(0, column - 1)) {
            padding.unicodeScalars.append(scalar == "\t" ? "\t" : " ")
        }
        return padding
    }

    /// `text` with every control character but the tab made visible, one for one,
    /// so that columns stay.
    private static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control where scalar != "\t", .format, .lineSeparator, .paragraphSeparator:
                result.unicodeScalars.append("\u{FFFD}")
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// ANSI colours, or none.
private struct Paint {
    static let bold = "1"
    static let red = "1;31"
    static let yellow = "1;33"
    static let blue = "34"

    let on: Bool

    func callAsFunction(_ code: String, _ text: String) -> String {
        on ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
