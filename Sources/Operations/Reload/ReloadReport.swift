import Bytes
package import RoutingConfig

/// What came of a reload that an operator has requested, as the admin interface shows it.
package struct ReloadReport: Codable, Sendable, Equatable {
    /// The rules of the files are in force. Else those before them are.
    package var reloaded: Bool
    /// The number of rules in force.
    package var rules: Int
    /// Why the rules are not in force, and which certificates and CAs could not be used, so that those before them are
    /// kept: a line for each.
    package var findings: [String]
    /// What `berth check` shows of the files, with their lines; nil: nothing.
    package var diagnostics: [Finding]?
    /// Whose route changes; nil: nobody wanted to know.
    package var `guard`: Guard?

    package init(reloaded: Bool, rules: Int, findings: [String]) {
        self.reloaded = reloaded
        self.rules = rules
        self.findings = findings
    }

    /// A finding about a rule file, as `berth check --json` has it.
    package struct Finding: Codable, Sendable, Equatable {
        package var severity: Diagnostic.Severity
        package var code: String
        package var file: String
        package var line: Int
        package var column: Int
        package var message: String
        package var hint: String?
        package var sourceLine: String?
        package var sourceColumn: Int
        package var caretLength: Int

        package init(_ diagnostic: Diagnostic) {
            severity = diagnostic.severity
            code = diagnostic.code.rawValue
            file = diagnostic.file
            line = diagnostic.line
            column = diagnostic.column
            message = diagnostic.message
            hint = diagnostic.hint
            sourceLine = diagnostic.sourceLine
            sourceColumn = diagnostic.sourceColumn
            caretLength = diagnostic.caretLength
        }

        package var diagnostic: Diagnostic {
            Diagnostic(
                severity: severity,
                code: Diagnostic.Code(rawValue: code),
                file: file,
                line: line,
                column: column,
                message: message,
                hint: hint,
                sourceLine: sourceLine,
                sourceColumn: sourceColumn,
                caretLength: caretLength
            )
        }
    }

    /// The routes of the hosts of the last minutes, before and after.
    package struct Guard: Codable, Sendable, Equatable {
        package struct Change: Codable, Sendable, Equatable {
            package var host: String
            /// Lately.
            package var requests: UInt64
            package var old: String
            package var new: String
        }

        /// The share of the hosts that may change, percent.
        package var limit: Double
        /// Hosts of the last minutes.
        package var hosts: Int
        package var changed: Int
        /// `changed` of `hosts`, percent.
        package var share: Double
        /// The rules in force stay.
        package var isRefused: Bool
        /// Some of those that change: the ones with the most requests.
        package var changes: [Change]

        /// What it means, a line each.
        package var lines: [String] {
            let summary =
                "\(changed) of the \(hosts) hosts of the last minutes \(isRefused ? "would change" : "change") "
                + "their route: \(share) %" + (isRefused ? ", and \(limit) % may" : "")
            return [summary]
                + changes.map { change in
                    Printable.text("\(change.host): \(change.old) -> \(change.new)")
                }
        }
    }
}
