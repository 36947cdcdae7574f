import Foundation
import Linting
import RoutingConfig
import Testing

/// docs/findings.md has a section for each code of the linter, with an example that triggers it.
@Suite struct FindingsPageTests {
    /// The loader reports one of them, which is about a rule that could be used.
    private static let codes = Diagnostic.Code.linterCodes + [.catastrophicPattern]

    @Test func `Every code of a broken file has its line in docs/rules.md`() throws {
        let rules = try Repository.text("docs/rules.md")
        for code in Diagnostic.Code.loaderCodes where !Self.codes.contains(code) {
            #expect(rules.contains("| `\(code.rawValue)` |"), "\(code.rawValue) is not described")
        }
    }

    @Test func `No two codes are one word, and each is of small letters`() {
        let words = (Diagnostic.Code.loaderCodes + Diagnostic.Code.linterCodes).map(\.rawValue)
        #expect(Set(words).count == words.count && words.count == 40)
        for word in words { #expect(word.wholeMatch(of: /[a-z_]+/) != nil) }
    }

    @Test(arguments: codes)
    func `Every code has a section whose example triggers it, and whose better one does not`(
        code: Diagnostic.Code
    ) throws {
        let text = try Repository.text("docs/findings.md")
        let start = try #require(text.range(of: "\n## `\(code.rawValue)`\n")?.upperBound)
        let section = text[start...].prefix(
            upTo: text[start...].range(of: "\n## ")?.lowerBound ?? text.endIndex
        )
        let examples = codeBlocks("yaml", in: String(section))
        let first = try #require(examples.first)
        #expect(Self.said(first, isWhole: code == .missingNames) == [code])
        for better in examples.dropFirst() {
            #expect(Self.said(better, isWhole: code == .missingNames) == [])
        }
    }

    private static func said(_ text: String, isWhole: Bool) -> [Diagnostic.Code] {
        let certificates = text.contains("--certificate") ? ["*.test.priv"] : []
        do throws(ConfigurationFailure) {
            let inspected = try ConfigurationLoader.inspect(text: text)
            let options = Linter.Options(
                certificateNames: certificates,
                certificates: [Linter.Certificate(names: certificates)],
                isWhole: isWhole
            )
            return Linter.findings(inspected, options: options).map(\.code)
        } catch {
            return error.diagnostics.map(\.code)
        }
    }
}
