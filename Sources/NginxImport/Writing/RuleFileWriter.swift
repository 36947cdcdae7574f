import Routing
import RoutingConfig

/// Writes the text of a rule file.
struct RuleFileWriter {
    private(set) var text = ""
    private let file: String

    init(file: String) {
        self.file = file
    }

    mutating func header(listen: Listen?) {
        let name = YAMLText.comment(file)
        text +=
            "# Generated from \(name) by `berth import nginx`. Comments name the lines that the rules come from.\n"
        if let listen {
            text +=
                "# nginx serves it on \(listen.address) (\(listen.position.fileAndLine)): berth front --listen \(listen.forBerth)\n"
        }
    }

    mutating func rules(_ rules: [ImportedRule]) {
        text += "\nrules:\n"
        for (index, rule) in rules.enumerated() {
            if index > 0 { text += "\n" }
            if let title = rule.title { text += "  # \(YAMLText.comment(title))\n" }
            text += "  - name: \(YAMLText.scalar(rule.name))\n"
            write(rule.lines, indent: "    ")
        }
    }

    mutating func block(_ lines: [ImportedRule.Line]) {
        guard !lines.isEmpty else { return }
        text += "\n"
        write(lines, indent: "")
    }

    private mutating func write(_ lines: [ImportedRule.Line], indent: String) {
        for line in lines {
            text += indent + line.text
            if let position = line.position { text += "  # \(YAMLText.comment(position.fileAndLine))" }
            text += "\n"
        }
    }

    mutating func findings(_ findings: [NginxFinding], ignored: [(name: String, position: SourceLocation)]) {
        for (kind, title) in [
            (NginxFinding.Kind.untranslated, "Not translated:"),
            (.byDefault, "Not translated: what nginx does by default:"),
            (.note, "Translated with differences:"),
        ] {
            let some = findings.filter { $0.kind == kind }
            guard !some.isEmpty else { continue }
            text += "\n# \(title)\n"
            for finding in some { text += "#   \(YAMLText.comment(finding.text))\n" }
        }
        guard !ignored.isEmpty else { return }
        text += "\n# Not relevant to rules:\n"
        var line = "#  "
        for (index, one) in ignored.enumerated() {
            let word =
                " \(YAMLText.comment(one.name)) (\(one.position.fileAndLine))"
                + (index + 1 < ignored.count ? "," : "")
            if line.utf8.count + word.utf8.count > 100 {
                text += line + "\n"
                line = "#  "
            }
            line += word
        }
        text += line + "\n"
    }
}
