import Linting
import RoutingConfig
import Testing

@Suite struct LintTests {
    private static func codes(_ rules: String, certificates: [String] = []) -> [Diagnostic.Code] {
        DefectTests.lint("rules:\n\(rules)\n", certificates: certificates).findings.map(\.code)
    }

    @Test func `Findings are silenced on their line, and on lines of comments above it`() {
        let rule = "  - name: a\n    host: '~^(a|b)\\.x$'"
        #expect(Self.codes(rule + "\n    to: b:80") == [.unusedCapture])
        #expect(Self.codes(rule + " # berth: allow unused_capture\n    to: b:80") == [])
        #expect(Self.codes(rule + " # berth: allow unreachable-rule, unused-capture\n    to: b:80") == [])
        #expect(Self.codes(rule + " # berth: allow unescaped_dot\n    to: b:80") == [.unusedCapture])
        let above =
            "  - name: a\n    # berth: allow unused_capture\n    # because it is so\n    host: '~^(a|b)\\.x$'\n    to: b:80"
        #expect(Self.codes(above) == [])
    }

    @Test func `Findings say that something is unknown where a pattern is not regular`() {
        let rules = """
              - name: a
                host: '~^(?!x)[a-z]+\\.y$'
                to: a:80
              - name: b
                host: '~^[a-w]+\\.y$'
                to: b:80
            """
        let (findings, _) = DefectTests.lint("rules:\n\(rules)\n")
        #expect(findings.map(\.code) == [.notCompared])
        #expect(findings.first?.severity == .note)
        #expect(findings.first?.message.contains("a look-around") == true)
    }

    @Test func `Findings count a rule with more conditions as taking only a part`() {
        let rules =
            "  - name: a\n    host: a.x\n    path: /api/\n    to: a:80\n  - name: b\n    host: a.x\n    to: b:80"
        #expect(Self.codes(rules) == [])
        let methods =
            "  - name: a\n    host: a.x\n    methods: [GET]\n    to: a:80\n  - name: b\n    host: a.x\n    methods: [GET, POST]\n    to: b:80"
        #expect(Self.codes(methods) == [])
        let same =
            "  - name: a\n    host: a.x\n    methods: [GET, POST]\n    to: a:80\n  - name: b\n    host: a.x\n    methods: [GET]\n    to: b:80"
        #expect(Self.codes(same) == [.unreachableRule])
    }

    @Test func `Findings see that IPv6 literals are hosts too`() {
        let rules = "  - name: a\n    host: '~^[a-z0-9_.-]+$'\n    to: a:80\n  - name: b\n    respond: 404"
        #expect(Self.codes(rules) == [])
        let all = "  - name: a\n    host: '~^.*$'\n    to: a:80\n  - name: b\n    respond: 404"
        #expect(Self.codes(all) == [.unreachableRule])
    }

    @Test func `Findings do not name a special case in front of a general rule`() {
        let rules =
            "  - name: a\n    host: '~^shop-[a-z]+\\.x$'\n    to: a:80\n  - name: b\n    host: '~^[a-z-]+\\.x$'\n    to: b:80"
        #expect(Self.codes(rules) == [])
    }

    @Test func `Findings of catastrophic patterns are errors, unless the rule says so`() {
        let rule = "  - name: a\n    host: '~^(?:a+)+$'\n    to: a:80"
        #expect(Self.codes(rule) == [.catastrophicPattern])
        #expect(Self.codes(rule + "\n    backtracking: allowed") == [])
        #expect(Self.codes("  - name: a\n    host: '~^(?:a+\\.)+x$'\n    to: a:80") == [])
        #expect(
            Self.codes("  - name: a\n    host: a\n    path: '~^/(?:x+x+)+y'\n    to: a:80") == [
                .catastrophicPattern
            ]
        )
        #expect(
            Self.codes("  - name: a\n    host: a\n    headers: { X-A: '~^(?=(?:x|x)*z)' }\n    to: a:80") == [
                .catastrophicPattern
            ]
        )
    }

    @Test func `Findings of ten thousand rules come in reasonable time`() {
        var text = "rules:\n"
        for number in 0..<1_000 {
            text +=
                "  - name: t\(number)\n    host: '~^(?<app>[a-z0-9]+)_(?<host>[0-9]{2})\\.tenant\(number)\\.priv$'\n    to: 'host_${host}:80'\n"
            text +=
                "  - name: a\(number)\n    host: '~^app\(number)_(?<host>[0-9]{2})\\.test\\.priv$'\n    to: 'host_${host}:80'\n"
        }
        text += "  - name: bad\n    host: 'app7_01.test.priv'\n    to: 'x:80'\n"
        let (findings, _) = DefectTests.lint(text)
        #expect(findings.map(\.code) == [.unreachableRule])
    }
}
