import Foundation
import Proxy
import ProxyCore
import Testing

/// The references in docs/ are complete.
@Suite("Documentation")
struct DocumentationTests {
    private static func text(_ path: String) throws -> String {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test(
        "Every cause of a failure is in docs/errors.md, with its status, side and token",
        arguments: Failure.Reason.allCases
    )
    func reasons(reason: Failure.Reason) throws {
        let row =
            "| `\(reason.rawValue)` | \(reason.status) | \(reason.side.rawValue) | `\(reason.proxyStatus)` |"
        #expect(try Self.text("docs/errors.md").contains(row), "missing: \(row)")
    }

    @Test("Every document that the README names is there")
    func links() throws {
        let readme = try Self.text("README.md")
        for match in readme.matches(of: /\]\(([a-z][^)]*)\)/) {
            let root = URL(filePath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            let path = root.appending(path: String(match.1)).path
            #expect(FileManager.default.fileExists(atPath: path), "README.md names \(match.1)")
        }
    }
}
