package import RoutingConfig

/// Findings as SARIF 2.1.0 (OASIS), which forges and editors read.
package struct SARIF: Encodable, Sendable {
    let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    let version = "2.1.0"
    let runs: [Run]

    private enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version, runs
    }

    /// - Parameter findings: in their order.
    package init(_ findings: [Diagnostic]) {
        let codes = Set(findings.map(\.code)).sorted { $0.rawValue < $1.rawValue }
        let rules = codes.map { Descriptor(id: $0.rawValue, helpUri: Self.page + "#" + $0.rawValue) }
        let results = findings.map { finding in
            Result(
                ruleId: finding.code.rawValue,
                ruleIndex: codes.firstIndex(of: finding.code) ?? 0,
                level: finding.severity.rawValue,
                message: Message(text: finding.message + (finding.hint.map { "; \($0)" } ?? "")),
                locations: [Location(finding)]
            )
        }
        runs = [Run(tool: Tool(driver: Driver(rules: rules)), results: results)]
    }

    /// Where each code has a section.
    static let page = "docs/findings.md"

    struct Run: Encodable, Sendable {
        let tool: Tool
        /// Columns count Unicode scalars (§3.14.17).
        let columnKind = "unicodeCodePoints"
        let results: [Result]

        private enum CodingKeys: String, CodingKey {
            case tool, columnKind, results
        }
    }

    struct Tool: Encodable, Sendable {
        let driver: Driver
    }

    struct Driver: Encodable, Sendable {
        let name = "berth"
        let rules: [Descriptor]

        private enum CodingKeys: String, CodingKey {
            case name, rules
        }
    }

    struct Descriptor: Encodable, Sendable {
        let id: String
        let helpUri: String
    }

    struct Result: Encodable, Sendable {
        let ruleId: String
        let ruleIndex: Int
        /// `error`, `warning` or `note`.
        let level: String
        let message: Message
        let locations: [Location]
    }

    struct Message: Encodable, Sendable {
        let text: String
    }

    struct Location: Encodable, Sendable {
        let physicalLocation: Physical

        init(_ finding: Diagnostic) {
            var region: Region?
            if finding.line > 0 {
                let column = max(1, finding.column)
                region = Region(
                    startLine: finding.line,
                    startColumn: column,
                    endColumn: column + finding.caretLength,
                    snippet: finding.sourceLine.map { Message(text: $0) }
                )
            }
            physicalLocation = Physical(
                artifactLocation: Artifact(uri: Self.uri(finding.file)),
                region: region
            )
        }

        /// A path as a relative reference (RFC 3986 §4.2): other bytes are percent-encoded.
        private static func uri(_ path: String) -> String {
            let hex = Array("0123456789ABCDEF".utf8)
            var bytes: [UInt8] = []
            for byte in path.utf8 {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "_"),
                    UInt8(ascii: "~"), UInt8(ascii: "/"):
                    bytes.append(byte)
                default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    struct Physical: Encodable, Sendable {
        let artifactLocation: Artifact
        let region: Region?
    }

    struct Artifact: Encodable, Sendable {
        let uri: String
    }

    struct Region: Encodable, Sendable {
        let startLine: Int
        let startColumn: Int
        let endColumn: Int
        let snippet: Message?
    }
}
