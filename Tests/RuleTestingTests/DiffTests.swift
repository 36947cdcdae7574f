import RoutingConfig
import Testing

@testable import RuleTesting

@Suite struct DiffTests {
    private static let new = Rules.front.replacing("old.test.priv\n", with: "former.test.priv\n")
        .replacing("host_01: 127.0.1.1", with: "host_01: 127.0.1.9").replacing(
            "status: 403",
            with: "status: 410"
        )

    private func diff(_ folder: borrowing Folder, _ new: String) throws -> RouteDiff {
        try RouteDiff(
            old: ConfigurationLoader.load(text: Rules.front, file: "old.yaml"),
            new: ConfigurationLoader.load(text: new, file: "new.yaml")
        )
    }

    private static let log = [
        "shop_c1_01", "shop_c1_02", "old", "former", "a.internal", "shop_c1_01", "wiki_c1_01",
    ]
    .map { "\($0).test.priv 192.0.2.7 - - [t] \"GET /a HTTP/1.1\" 200 1\n" }.joined()

    @Test func `Requests of a log whose route changes are grouped by who decides, old and new`() throws {
        let folder = try Folder()
        try folder.write(Self.log, to: "access.log")
        let report = try diff(folder, Self.new).replay(folder.path + "access.log")
        #expect(report.requests == 7 && report.changed == 6)
        let groups = report.groups.map { group in
            "\(group.old.rule ?? "-") \(group.old.kind) > \(group.new.rule ?? "-") \(group.new.kind): \(group.requests), "
                + group.hosts.map(\.host).joined(separator: " ")
        }
        #expect(
            groups == [
                "saas forward > saas forward: 3, shop_c1_01.test.priv wiki_c1_01.test.priv",
                "old redirect 302 > - refused 404 no_rule: 1, old.test.priv",
                "- refused 404 no_rule > old redirect 302: 1, former.test.priv",
                "closed respond 403 > closed respond 410: 1, a.internal.test.priv",
            ]
        )
        #expect(report.groups[0].hosts[0].old == "to host_01:9000 (127.0.1.1:9000), X-App: shop")
        #expect(report.groups[0].hosts[0].new == "to host_01:9000 (127.0.1.9:9000), X-App: shop")
        #expect(report.groups[0].hosts[0].requests == 2)
    }

    @Test func `The same rules in other words change nothing`() throws {
        let folder = try Folder()
        try folder.write(Self.log, to: "access.log")
        let same = Rules.front.replacing("name: saas", with: "name: apps").replacing(
            "wordpress|shop|wiki",
            with: "shop|wordpress|wiki"
        )
        #expect(try diff(folder, same).replay(folder.path + "access.log").changed == 0)
    }

    @Test func `What a rule sets counts too`() throws {
        let folder = try Folder()
        try folder.write(
            "front: x\ncases:\n  - url: http://shop_c1_01.test.priv/\n  - url: http://old.test.priv/\n",
            to: "a.cases.yaml"
        )
        let other = Rules.front.replacing("X-App: '${app}'", with: "X-App: '${container}'")
        let report = try diff(folder, other).cases([folder.path])
        #expect(report.requests == 2 && report.changed == 1)
        #expect(report.groups[0].hosts[0].new.hasSuffix("X-App: c1"))
    }

    @Test func `Without traffic hosts are computed from the rules`() throws {
        let report = try diff(Folder(), Self.new).witnesses()
        let hosts = report.groups.flatMap(\.hosts).map(\.host)
        #expect(hosts.contains("old.test.priv") && hosts.contains("former.test.priv"))
        #expect(hosts.contains { $0.hasSuffix(".internal.test.priv") })
        #expect(report.isComplete == true)
        #expect(try !diff(Folder(), Rules.front).witnesses().hasChanges)
    }

    @Test func `Of several hosts one that is served today is computed`() throws {
        // Without that, the first host in the order of bytes would be of host 00, which no source knows.
        let other = Rules.front.replacing("to: 'host_${host}", with: "to: 'node_${host}")
        try #require(other != Rules.front)
        let report = try diff(Folder(), other).witnesses()
        let routes = report.groups.flatMap(\.hosts).map(\.old)
        #expect(!routes.isEmpty)
        #expect(routes.contains { $0.hasPrefix("to host_0") })
    }

    @Test func `Static names are listed with their old and new addresses`() throws {
        let other = Rules.front.replacing("[127.0.2.1, 127.0.2.2]", with: "[127.0.2.1, '127.0.2.2:81']")
            .replacing("host_01: 127.0.1.1,", with: "host_03: 127.0.1.1,")
        let report = try diff(Folder(), other).witnesses()
        let names = report.names.map { "\($0.name) \($0.old) \($0.new)" }
        #expect(
            names == [
                #"host_01 ["127.0.1.1"] []"#,
                #"host_02 ["127.0.2.1", "127.0.2.2"] ["127.0.2.1", "127.0.2.2:81"]"#,
                #"host_03 [] ["127.0.1.1"]"#,
            ]
        )
        #expect(report.hasChanges)
    }

    @Test func `A host whose route changes for some paths is listed with the rules it may reach`() throws {
        let part = "  - name: api\n    host: old.test.priv\n    path: /api/\n    respond: { status: 204 }\n"
        let report = try diff(Folder(), Rules.front.replacing("rules:\n", with: "rules:\n" + part))
            .witnesses()
        #expect(report.changed == 0 && report.hasChanges)
        let hosts = report.conditional.map { "\($0.host): \($0.old) > \($0.new)" }
        #expect(hosts == [#"old.test.priv: ["old"] > ["api", "old"]"#])
    }
}
