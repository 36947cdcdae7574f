import NginxImport
import Routing

/// The result of an import as JSON. Keys are added, never renamed or removed.
struct ImportReport: Encodable {
    struct Finding: Encodable {
        let file: String
        let line: Int
        let column: Int
        let directive: String
        let reason: String
        /// Whether nginx does it without a directive.
        let byDefault: Bool

        enum CodingKeys: String, CodingKey {
            case file, line, column, directive, reason
            case byDefault = "by_default"
        }

        init(_ finding: NginxFinding) {
            file = finding.position.file
            line = finding.position.line
            column = finding.position.column
            directive = finding.what
            reason = finding.why
            byDefault = finding.kind == .byDefault
        }
    }

    struct Ignored: Encodable {
        let directive: String
        let file: String
        let line: Int
    }

    let whole: Bool
    let rules: Int
    let listen: String?
    let yaml: String
    let untranslated: [Finding]
    let notes: [Finding]
    let ignored: [Ignored]

    init(_ result: NginxImport) {
        whole = result.isWhole
        rules = result.ruleCount
        listen = result.listen
        yaml = result.yaml
        untranslated = result.findings.filter(\.isUntranslated).map(Finding.init)
        notes = result.findings.filter { $0.kind == .note }.map(Finding.init)
        ignored = result.ignored.map {
            Ignored(directive: $0.name, file: $0.position.file, line: $0.position.line)
        }
    }
}
