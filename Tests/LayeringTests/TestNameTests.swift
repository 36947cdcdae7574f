import Foundation
import Testing

/// The folder of the tests.
private let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

/// What follows `attribute` wherever it begins a line.
private func declarations(of attribute: String, in text: String) -> [Substring] {
    text.ranges(of: attribute).compactMap { range in
        let before = text[..<range.lowerBound].reversed().prefix { $0 != "\n" }
        return before.allSatisfy(\.isWhitespace) ? text[range.upperBound...] : nil
    }
}

/// Whether the first argument of an attribute is a text.
private func hasTitle(_ declaration: Substring) -> Bool {
    guard declaration.first == "(" else { return false }
    let first = declaration.dropFirst().first { !$0.isWhitespace }
    return first == "\"" || first == "#"
}

/// Whether the function that follows is named by a sentence between backticks.
private func isSentence(_ declaration: Substring) -> Bool {
    guard let function = declaration.firstRange(of: "func ") else { return false }
    return declaration[function.upperBound...].first == "`"
}

/// The style of test names that CONTRIBUTING.md states.
@Suite struct TestNameTests {
    @Test func `A test's name is its sentence, and neither a test nor a suite has a title`() throws {
        var seen = 0
        let files = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            let found = declarations(of: "@Test", in: text)
            for declaration in found + declarations(of: "@Suite", in: text) where hasTitle(declaration) {
                Issue.record("\(file.lastPathComponent): remove the title \(declaration.prefix(80))")
            }
            for declaration in found where !isSentence(declaration) {
                Issue.record(
                    "\(file.lastPathComponent): name the test by a sentence \(declaration.prefix(80))"
                )
            }
            seen += found.count
        }
        #expect(seen > 500)
    }

    @Test(arguments: [
        ("@Test func `A sentence`() {}", false, true),
        ("    @Test(arguments: [\"a\"])\n    func `A sentence`(text: String) {}", false, true),
        ("@Test func name() {}", false, false),
        ("@Test(\"A title\") func name() {}", true, false),
        ("@Test(\n    \"A title\", arguments: [1])\nfunc `A sentence`(number: Int) {}", true, true),
    ])
    func `A title is found in one line and in several`(text: String, title: Bool, sentence: Bool) {
        let found = declarations(of: "@Test", in: text)
        #expect(found.map(hasTitle) == [title] && found.map(isSentence) == [sentence])
    }
}
