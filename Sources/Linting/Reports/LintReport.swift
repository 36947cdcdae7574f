import FoundationEssentials
package import RoutingConfig

/// Findings in the forms that `berth check` prints.
package enum LintReport {
    package enum Format: String, Sendable, CaseIterable {
        case text
        case json
        case sarif
    }

    /// - Parameter color: of text, with ANSI colours.
    /// - Returns: without a newline at the end; empty if there is nothing to report as text.
    package static func render(_ findings: [Diagnostic], _ format: Format, color: Bool = false) throws
        -> String
    {
        switch format {
        case .text: findings.map { $0.rendered(color: color) }.joined(separator: "\n\n")
        case .json: try encode(findings)
        case .sarif: try encode(SARIF(findings))
        }
    }

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
