import Linting
import RoutingConfig
import Testing

/// Mistakes in the styles that people bring along from nginx and from other engines.
@Suite struct HabitTests {
    struct Rules: Sendable, CustomTestStringConvertible {
        let hosts: [String]
        /// More lines of the last rule.
        var more: [String] = []
        /// And of the first.
        var first: [String] = []
        var targets: [String] = []
        let codes: [Diagnostic.Code]

        var text: String {
            var lines = ["rules:"]
            for (index, host) in hosts.enumerated() {
                lines.append("  - name: rule\(index)")
                if !host.isEmpty { lines.append("    host: '\(host)'") }
                let extra = index == hosts.count - 1 ? more : first
                lines += extra.map { "    " + $0 }
                let target = targets.isEmpty ? "web:8\(index)" : targets[min(index, targets.count - 1)]
                lines.append("    to: '\(target)'")
            }
            return (lines + ["names: [dns: {}]"]).joined(separator: "\n") + "\n"
        }

        var testDescription: String { (hosts + first + more).joined(separator: " | ") }
    }

    private static func said(_ rules: Rules) -> [Diagnostic] { DefectTests.lint(rules.text).findings }

    @Test(
        arguments: [
            Rules(hosts: ["~^\\d.test\\.priv$"], codes: [.unescapedDot]),
            Rules(hosts: ["~^[a-z].test\\.priv$"], codes: [.unescapedDot]),
            Rules(hosts: ["~.test\\.priv$"], codes: [.unescapedDot]),
            Rules(hosts: ["~^(?>www|web).test\\.priv$"], codes: [.unescapedDot]),
            Rules(hosts: ["~^[a-z]++.test\\.priv$"], codes: [.unescapedDot]),
            Rules(hosts: ["~^(?:www.)?test\\.priv$"], codes: [.unescapedDot]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~^/robots.txt$'"], codes: [.unescapedDot]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~.php$'"], codes: [.unescapedDot]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~^/.well-known/'"], codes: [.unescapedDot]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~*.(?:jpg|png)$'"], codes: [.unescapedDot]),
            Rules(
                hosts: ["*.test.priv"],
                more: ["rewrite_path: { match: '^/index.html$', with: '/' }"],
                codes: [.unescapedDot]
            ),
            Rules(hosts: ["*.test.priv"], more: ["path: '~(?:/admin|/login)'"], codes: [.missingAnchor]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~(?i)/admin'"], codes: [.missingAnchor]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~/(?:admin|login)/'"], codes: [.missingAnchor]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~/v\\d+/'"], codes: [.missingAnchor]),
            Rules(hosts: ["*.test.priv"], more: ["path: '~\\.php'"], codes: [.missingAnchor]),
            Rules(hosts: ["~^(?<app>[[:graph:]]+)\\.test\\.priv$"], codes: [.dotInLabel]),
            Rules(hosts: ["~^(?<app>[+-9]+)\\.test\\.priv$"], codes: [.dotInLabel]),
            Rules(hosts: ["~^(?<app>(?:[^_])+)_x\\.test\\.priv$"], codes: [.dotInLabel]),
            Rules(hosts: ["~^(?<app>[^_]++)_x\\.test\\.priv$"], codes: [.dotInLabel]),
            Rules(hosts: ["~^[^_]+_(?<n>\\d+)\\.test\\.priv$"], codes: [.dotInLabel]),
            Rules(hosts: ["~^(?<app>[[:^digit:]]+)\\.test\\.priv$"], codes: [.dotInLabel]),
            Rules(hosts: ["~^(?<app>[\\S]+)\\.test\\.priv$"], codes: [.dotInLabel]),
            Rules(hosts: ["~^(?:[a-z0-9]){1,100}\\.test\\.priv$"], codes: [.labelTooLong]),
            Rules(hosts: ["~^(?:ab){1,40}\\.test\\.priv$"], codes: [.labelTooLong]),
            Rules(hosts: ["~^(?:[a-z]{1,3}\\.){1,200}test\\.priv$"], codes: [.labelTooLong]),
            Rules(hosts: ["~^(?!x)[a-z]{64}\\.test\\.priv$"], codes: [.impossibleHost]),
            Rules(hosts: ["~^(?<n>[0-9.]+)\\.test\\.priv$"], targets: ["${n}:80"], codes: [.unboundedTarget]),
            Rules(hosts: [""], targets: ["${request_host}:80"], codes: [.unboundedTarget]),
            Rules(hosts: ["*.test.priv", "~^www\\d?+\\.test\\.priv$"], codes: [.unreachableRule]),
            Rules(hosts: ["~^\\S+$", "~^(?>a|b)\\.test\\.priv$"], codes: [.unreachableRule]),
            Rules(hosts: ["~^[a-z.]+$", "~^(?!www)[a-z]+\\.test\\.priv$"], codes: [.unreachableRule]),
            Rules(
                hosts: ["*.test.priv", "a.test.priv"],
                more: ["clients: [10.1.0.0/16]"],
                first: ["clients: [10.0.0.0/8]"],
                codes: [.unreachableRule]
            ),
            Rules(
                hosts: ["*.test.priv", "a.test.priv"],
                more: ["headers: { x-beta: 'yes' }"],
                first: ["headers: { X-Beta: '*' }"],
                codes: [.unreachableRule]
            ),
            Rules(
                hosts: ["*.test.priv", "a.test.priv"],
                more: ["path: /api/v1/"],
                first: ["path: '~^/api'"],
                codes: [.unreachableRule]
            ),
            Rules(
                hosts: ["*.test.priv", "a.test.priv"],
                more: ["path: '=/api/v1/x'"],
                first: ["path: '~^/api/v\\d'"],
                codes: [.unreachableRule]
            ),
            Rules(
                hosts: ["~^[a-z]++\\d?\\.test\\.priv$", "~^[a-z]?\\d++\\.test\\.priv$"],
                codes: [.overlappingRules]
            ),
            Rules(
                hosts: ["~^[a-v]+\\d*\\.test\\.priv$", "~^(?!www)[a-z]+\\.test\\.priv$"],
                codes: [.overlappingRules]
            ),
            Rules(
                hosts: ["~^(?<x>[a-z]+)\\.test\\.priv$", "~^(?<y>[A-Z]+)[.]test[.]priv$"],
                targets: ["h-${x}:80", "h-${y}"],
                codes: [.duplicateRule]
            ),
            Rules(
                hosts: ["~^(?<x>[a-z]+)\\.test\\.priv$", "~^([a-z]+)\\.test\\.priv$"],
                targets: ["h-${x}:80", "http://h-$1:80"],
                codes: [.duplicateRule]
            ),
            Rules(hosts: ["~^(?<app>(?!www)[a-z_]+)_(?<c>[a-z_]+)\\.test\\.priv$"], codes: [.notCompared]),
            Rules(hosts: ["~^(?:[a-z]{1,5}){1,50}\\.test\\.priv$"], codes: [.catastrophicPattern]),
            Rules(hosts: ["~^(?:(?:(?:a{1,9}){1,9}){1,9})\\.test\\.priv$"], codes: [.catastrophicPattern]),
        ]
    ) func `Habits of nginx and of other engines are findings where they are mistakes`(_ rules: Rules) {
        let found = Self.said(rules)
        #expect(found.map(\.code) == rules.codes, "\(rules.text)\n\(found.map { $0.rendered(color: false) })")
    }

    @Test(
        arguments: [
            ["~^(?<app>[a-z]++)-(?<n>\\d++)\\.test\\.priv$"],
            ["~^(?>shop|blog)\\.test\\.priv$", "~^(?>wiki|git)\\.test\\.priv$"],
            ["~^(?!www\\.)(?<app>[a-z]+)\\.test\\.priv$"],
            ["shop.test.priv", "~^(?!www)[a-z]+\\.test\\.priv$", "*.test.priv"],
            ["~^shop-\\d\\.test\\.priv$", "~^(?!www)[a-z0-9-]+\\.test\\.priv$"],
            ["~^([a-z])\\1\\.test\\.priv$"],
            ["~^(?<first>.)\\.test\\.priv$"],
            ["~^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)+test\\.priv$"],
            ["~^(?<app>[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)\\.test\\.priv$"],
            ["~^(?<app>[a-z]+)\\.(?<region>eu|us)-(?<n>[1-9])\\.test\\.priv$"],
            ["~^(?<app>[a-z0-9.-]+)\\.apps\\.test\\.priv$"],
        ]
    ) func `Habits give no finding where they are right`(_ hosts: [String]) {
        let rules = Rules(hosts: hosts, codes: [])
        let found = Self.said(rules)
        #expect(found.isEmpty, "\(rules.text)\n\(found.map { $0.rendered(color: false) })")
    }

    @Test(
        arguments: [
            "~\\.php$", "~\\.php(?:/|$)", "~/\\.git", "~^/files/.*\\.zip$", "~^/static/|\\.(?:css|js)$",
            "~^/blog(?:/.*)?$", "~/[^/]+\\.php$", "~*\\.(?:gif|jpe?g)$",
        ]
    ) func `Habits give no finding for paths that are right`(_ path: String) {
        let rules = Rules(hosts: ["a.test.priv"], more: ["path: '\(path)'"], codes: [])
        let found = Self.said(rules)
        #expect(found.isEmpty, "\(rules.text)\n\(found.map { $0.rendered(color: false) })")
    }

    @Test func `A target that the pattern spells out and nobody knows is a finding`() {
        let text = """
            rules:
              - name: a
                host: '~^(?<h>01|02|03)\\.test\\.priv$'
                to: 'host_${h}'
            names: [static: { host_01: 127.0.1.1, host_02: 127.0.2.1 }]
            """
        let found = DefectTests.lint(text).findings
        #expect(found.map(\.code) == [.unknownTarget])
        #expect(found.first?.message.contains("`host_03`") == true)
        #expect(found.first?.message.contains("`03.test.priv`") == true)
        let known = text.replacing("|03", with: "")
        #expect(DefectTests.lint(known).findings.isEmpty)
    }
}
