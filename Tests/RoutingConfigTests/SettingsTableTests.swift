import Foundation
import RoutingConfig
import Settings
import Testing

/// The tables of settings in docs/rules.md are what `Settings` declares.
///
/// After a wanted change: `BERTH_UPDATE_GOLDEN=1 swift test --filter SettingsTableTests`.
@Suite struct SettingsTableTests {
    private static let page = GoldenTests.root + "docs/rules.md"

    /// A group's heading in docs/rules.md, its table, and its keys.
    struct Group: Sendable, CustomTestStringConvertible {
        let name: String
        let table: String
        let keys: [String]
        /// Those of them that are not mappings with keys of their own.
        let plainKeys: [String]

        init<Settings: SettingGroup>(_ type: Settings.Type) {
            name = Settings.name
            keys = Settings.settings.map(\.key)
            plainKeys = Settings.settings.filter { $0.typeInWords != "mapping" }.map(\.key)
            let rows = Settings.settings.map {
                "| `\($0.key)` | \($0.typeInWords) | \($0.defaultInWords) | \($0.meaning) |\n"
            }
            table = "| key | type | default | meaning |\n|---|---|---|---|\n" + rows.joined()
        }

        var testDescription: String { name }

        /// Whether it stands at the top of a rule file; else it is a name source.
        var isTop: Bool { ["limits", "timeouts", "metrics"].contains(name) }
        /// Whether it stands in `metrics`.
        var isOfMetrics: Bool { name == "ledger" }

        /// A rule file with the group.
        func ruleFile(_ settings: String) -> String {
            "rules: [{ name: all, to: a }]\n"
                + (isTop
                    ? "\(name): \(settings)\n"
                    : isOfMetrics
                        ? "metrics: { \(name): \(settings) }\n" : "names: [{ \(name): \(settings) }]\n")
        }
    }

    static let groups = [
        Group(Limits.self), Group(Timeouts<Duration>.self), Group(EtcdSettings.self),
        Group(ContainersSettings.self), Group(DNSSettings.self), Group(SystemNamesSettings.self),
        Group(MetricsSettings.self), Group(LedgerSettings.self),
    ]

    @Test func `docs/rules.md has the table of each group of settings`() throws {
        var text = try String(contentsOfFile: Self.page, encoding: .utf8)
        for group in Self.groups {
            let heading = try #require(
                text.range(of: "\n\(group.isTop ? "##" : "###") `\(group.name)`\n"),
                "docs/rules.md has no section on \(group.name)"
            )
            let section =
                heading
                .upperBound..<(text.range(
                    of: "\n#",
                    range: heading.upperBound..<text.endIndex
                )?.lowerBound ?? text.endIndex)
            let start = try #require(text.range(of: "| key |", range: section)?.lowerBound)
            let end = text.range(of: "\n\n", range: start..<section.upperBound)?.lowerBound
            let table = start..<(end.map { text.index(after: $0) } ?? section.upperBound)
            if GoldenTests.update {
                text.replaceSubrange(table, with: group.table)
            } else if text[table] != group.table {
                Issue.record("docs/rules.md has for \(group.name)\n\(text[table])\nand not\n\(group.table)")
            }
        }
        if GoldenTests.update { try text.write(toFile: Self.page, atomically: true, encoding: .utf8) }
    }

    @Test(arguments: groups)
    func `The loader knows the keys of each group, and no other`(group: Group) throws {
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try ConfigurationLoader.load(text: group.ruleFile("{ '?': 1 }"))
        }
        let hints = (failure?.diagnostics ?? []).compactMap(\.hint)
        #expect(hints.contains("known keys: " + group.keys.joined(separator: ", ")))
    }

    @Test(arguments: groups)
    func `A value that fits no setting is an error at each key: none is skipped`(group: Group) throws {
        for key in group.plainKeys {
            let failure = #expect(throws: ConfigurationFailure.self) {
                _ = try ConfigurationLoader.load(text: group.ruleFile("{ \(key): { x: 1 } }"))
            }
            #expect(failure?.diagnostics.contains { $0.code == .wrongType } == true, "\(group.name).\(key)")
        }
    }
}
