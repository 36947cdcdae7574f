import Foundation
import ProxyCore
import Testing

@Suite struct ErrorsPageTests {
    @Test(arguments: Failure.Reason.allCases)
    func `Every cause of a failure is in docs/errors.md, with its status, side and token`(
        reason: Failure.Reason
    ) throws {
        let row =
            "| `\(reason.rawValue)` | \(reason.status) | \(reason.side.rawValue) | `\(reason.proxyStatus)` |"
        #expect(try Repository.text("docs/errors.md").contains(row), "missing: \(row)")
    }

    @Test func `Every document that the README names exists`() throws {
        for match in try Repository.text("README.md").matches(of: /\]\(([a-z][^)]*)\)/) {
            let path = Repository.root.appending(path: String(match.1.prefix { $0 != "#" })).path
            #expect(FileManager.default.fileExists(atPath: path), "README.md names \(match.1)")
        }
    }
}
