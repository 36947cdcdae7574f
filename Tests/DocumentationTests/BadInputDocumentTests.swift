import Foundation
import Testing

@Suite struct BadInputDocumentTests {
    @Test func `docs/bad-inputs.md is made of the tables`() throws {
        let path = Repository.root.appending(path: "docs/bad-inputs.md")
        let text = try BadInputDocument.text()
        if ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil {
            try text.write(to: path, atomically: true, encoding: .utf8)
            return
        }
        let page = try String(contentsOf: path, encoding: .utf8)
        if page != text {
            Issue.record(
                "it differs; BERTH_UPDATE_GOLDEN=1 swift test --filter BadInputDocumentTests writes it anew"
            )
        }
    }
}
