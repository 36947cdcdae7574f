import Foundation
import Testing

@Suite("The page on bad input")
struct BadInputDocumentTests {
    @Test("docs/bad-inputs.md says what the tables say")
    func page() throws {
        let path = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/bad-inputs.md")
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
