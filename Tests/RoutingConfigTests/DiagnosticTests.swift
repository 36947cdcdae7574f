import Foundation
import RoutingConfig
import Testing

@Suite struct DiagnosticTests {
    static let example = Diagnostic(
        code: .badPattern,
        file: "rules/front.yaml",
        line: 3,
        column: 27,
        message: "missing closing parenthesis",
        hint: "close the group",
        sourceLine: "    host: '~^(?<app>[a-z]+'"
    )

    @Test func `A finding is printed as compilers print theirs`() {
        let expected = """
            rules/front.yaml:3:27: error: missing closing parenthesis
               3 |     host: '~^(?<app>[a-z]+'
                 |                           ^
                 = help: close the group
            """
        #expect(Self.example.rendered(color: false) == expected)
    }

    @Test func `Colour adds nothing but escape sequences`() {
        let colored = Self.example.rendered(color: true)
        #expect(colored.contains("\u{1B}[1;31merror:\u{1B}[0m"))
        #expect(colored.replacing(/\x1b\[[0-9;]*m/, with: "") == Self.example.rendered(color: false))
    }

    @Test func `A rule file cannot steer the terminal`() throws {
        let text = "rules:\n  - name: \"a\\e[2J\"\n    to: x\u{202E}\u{85}\n"
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try ConfigurationLoader.load(text: text, file: "a\u{1B}]0;b.yaml")
        }
        let said = try #require(failure).rendered(color: false)
        #expect(
            !said.unicodeScalars.contains {
                $0.value < 0x20 && $0 != "\n" || $0.value == 0x85 || $0 == "\u{202E}"
            }
        )
    }

    @Test func `A finding about a file as a whole shows no line`() {
        let finding = Diagnostic(severity: .warning, code: .unreadable, file: "a.yaml", message: "gone")
        #expect(finding.rendered(color: false) == "a.yaml: warning unreadable: gone")
    }

    @Test func `Findings survive JSON under their documented names`() throws {
        let data = try JSONEncoder().encode(Self.example)
        #expect(try JSONDecoder().decode(Diagnostic.self, from: data) == Self.example)
        let text = String(decoding: data, as: UTF8.self)
        for key in [
            "\"code\":\"bad_pattern\"", "\"severity\":\"error\"", "\"caret_length\":1",
            "\"source_column\":27",
        ] {
            #expect(text.contains(key))
        }
    }

    @Test func `Codes are words of a script`() {
        for code in Diagnostic.Code.loaderCodes { #expect(code.rawValue.wholeMatch(of: /[a-z_]+/) != nil) }
    }
}
