import Explain
import Foundation
import PCRE2
import Routing
import RoutingConfig
import Testing

/// Patterns and hosts, and what is said of them.
///
/// After a wanted change: `BERTH_UPDATE_GOLDEN=1 swift test --filter ExplainTests`, and read the difference.
@Suite struct ExplanationGoldenTests {
    static let here = URL(filePath: #filePath).deletingLastPathComponent()
    static let update = ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil

    /// A file of the folder Golden, its pattern and its hosts.
    static let cases: [(name: String, pattern: String, hosts: [String])] = [
        (
            "optional", #"^(www\.)?(?<app>shop|blog)(-[0-9]+)?\.test\.priv$"#,
            ["www.shop-12.test.priv", "blog.test.priv", "www.wiki.test.priv"]
        ),
        (
            "alternatives", #"^(?:(?<a>[a-f]+)\.a|x(?<b>\d{2,4}))\.(?:test|prod)\.priv$"#,
            ["abc.a.test.priv", "x123.prod.priv", "x1.prod.priv"]
        ),
        ("unanchored", "[a-z]+.priv", ["axpriv", "a-b.priv"]),
        (
            "around", #"^(?!admin)(?<name>\w+)(?<!_old)\.\k<name>\.priv$"#,
            ["a.a.priv", "admin.admin.priv", "a.b.priv", "a_old.a_old.priv"]
        ),
        ("classes", #"^[^_.]+_[[:alpha:]]\d?(?i-s:Q)++.{1,3}?$"#, ["ab_c1qxy", "ab-c"]),
        ("slow", #"^(?:[a-z]+)+$"#, [String(repeating: "a", count: 40) + "1"]),
    ]

    @Test(arguments: cases.map(\.name))
    func `What is said of a pattern and its hosts is as written down`(name: String) throws {
        let one = try #require(Self.cases.first { $0.name == name })
        try check(one.pattern, one.hosts, against: name)
    }

    @Test(
        arguments: [
            "rules/front.yaml", "rules/local.yaml", "examples/two-hosts/rules/front.yaml",
            "examples/two-hosts/rules/local.yaml", "examples/containers/rules/front.yaml",
            "examples/containers/rules/local.yaml",
        ]
    )
    func `The patterns of the rules and the examples are explained as written down`(file: String) throws {
        let root = Self.here.deletingLastPathComponent().deletingLastPathComponent()
        for rule in try ConfigurationLoader.load([root.appending(path: file).path]).table.rules {
            let host = try #require(rule.definition.host)
            let hosts = [
                "wordpress_container001_01.test.priv", "wordpress_container001_1.test.priv",
                "wordpress-container001-01.test.priv", "wordpress_container001_01.test.priv.evil.example",
                "wordpress_container001_01.testxpriv",
            ]
            try check(
                String(host.dropFirst()),
                hosts,
                against: file.replacingOccurrences(of: "/", with: "-") + "-" + rule.name
            )
        }
    }

    private func check(_ pattern: String, _ hosts: [String], against name: String) throws {
        var said = ""
        for host in hosts {
            let explanation = try Explanation(pattern, host: try HostName(host).bytes)
            // How many steps there are is the PCRE2 library's own.
            let text = ExplanationText(color: false).render(explanation)
                .replacing(/steps    \d+/, with: "steps    N")
            said += text + "\n\n----\n\n"
        }
        let path = Self.here.appending(path: "Golden/\(name).txt").path
        if Self.update {
            try said.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        if said != expected { Issue.record("\(name) expects\n\(expected)\nbut this was said:\n\(said)") }
    }
}
