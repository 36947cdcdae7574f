import RoutingConfig
import Testing

@testable import RuleTesting

@Suite struct UpdateTests {
    /// Updates a file of cases and returns its new content.
    private func updated(_ text: String) throws -> String {
        let folder = try Folder.withRules()
        try folder.write(text, to: "a.cases.yaml")
        let results = CaseWriter.update(try folder.run())
        for (_, result) in results {
            if case .failed(let reason) = result { Issue.record("not written: \(reason)") }
        }
        let report = try folder.run()
        #expect(report.failed == 0)
        return try folder.read("a.cases.yaml")
    }

    private static let head = "# What is tested.\nfront: front.yaml\nlocal: local.yaml   # both\ncases:\n"

    @Test func `Only what differs is written anew: comments, order and spelling stay`() throws {
        let before =
            Self.head + """
                  # The first.
                  - name: one   # of one
                    url: http://shop_c1_01.test.priv/
                    expect:
                      # The front tier's part.
                      local: { rule: "container" }
                      front:
                        captures: {app: wiki, container: 'c1'}   # of the host
                        target: "host_02:9000" # the host
                        rule: 'saas'
                      headers:
                        X-App: shop
                        # gone
                        X-None: 'yes'

                # The end.

                """
        let after = before.replacing("{app: wiki, container: 'c1'}", with: "{ app: shop, container: c1 }")
            .replacing("\"host_02:9000\"", with: "host_01:9000").replacing("X-None: 'yes'", with: "X-None: ~")
        #expect(try updated(before) == after)
        #expect(try updated(after) == after)
    }

    @Test func `A case without an expectation is given one`() throws {
        let text = try updated(
            Self.head + """
                  - url: http://shop_c1_01.test.priv/
                    # Nothing yet.

                  - url: http://nothing.example/
                    expect:
                  - { url: http://old.test.priv/a }
                """ + "\n"
        )
        #expect(
            text == Self.head + """
                  - url: http://shop_c1_01.test.priv/
                    expect:
                      front:
                        rule: saas
                        captures: { app: shop, container: c1, host: '01' }
                        target: host_01:9000
                      local:
                        rule: container
                        captures: { app: shop, container: c1 }
                        target: c1:8080
                    # Nothing yet.

                  - url: http://nothing.example/
                    expect: { status: 404, cause: no_rule }
                  - { url: http://old.test.priv/a , expect: { status: 302, redirect: https://new.test.priv/a, \
                front: { rule: old } } }
                """ + "\n"
        )
    }

    @Test func `Another ending replaces the old one`() throws {
        let text = try updated(
            Self.head + """
                  - url: http://nothing.example/
                    expect:
                      front: { rule: saas }
                      local:
                        rule: container
                      headers:
                        X-App: shop
                  - url: http://shop_c1_01.test.priv/
                    expect:
                      status: 404   # no more
                      cause: no_rule
                      front: {}
                """ + "\n"
        )
        #expect(
            text == Self.head + """
                  - url: http://nothing.example/
                    expect:
                      status: 404
                      cause: no_rule
                      front: { rule: ~ }
                  - url: http://shop_c1_01.test.priv/
                    expect:
                      front: {}
                """ + "\n"
        )
    }

    @Test func `Lists, aliases and nulls are written anew`() throws {
        let text = try updated(
            Self.head + """
                  - url: http://shop_c1_01.test.priv/
                    expect:
                      front: &wrong
                        endpoints:
                        - 127.0.0.1:1
                        - 127.0.0.1:2
                        target:
                      local: *wrong
                """ + "\n"
        )
        #expect(text.contains("endpoints: [127.0.1.1:9000]\n"))
        #expect(text.contains("target: host_01:9000\n"))
        #expect(text.contains("local: { endpoints: [127.0.1.11:8080], target: c1:8080 }\n"))
    }

    @Test func `What cannot be written by itself is left as it was`() throws {
        let folder = try Folder.withRules()
        let text =
            Self.head
            + "  - url: http://shop_c1_01.test.priv/\n    expect:\n      front:\n        target: |\n          host_02\n"
        try folder.write(text, to: "a.cases.yaml")
        let results = CaseWriter.update(try folder.run())
        guard case .failed? = results.first?.result else {
            Issue.record("\(results)")
            return
        }
        #expect(try folder.read("a.cases.yaml") == text)
    }

    @Test(
        arguments: [
            "", "plain", "with blank", "it's", "\"", "01", "0", "true", "~", "a: b", "a #b", "{a}", "-", "?",
            "tab\there",
            "line\nbreak", "\u{1}", "é", "a:", "null", "x,y", "[", "*a", "&a", "!a", "%a", "@a", "`a",
            "a'b\"c\\d", "\u{85}",
        ]
    )
    func `What is written reads back as it was`(text: String) throws {
        let folder = try Folder()
        try folder.write(
            "rules:\n  - name: a\n    set_headers: { X: '${header:X-In}' }\n    to: 127.0.0.9:1\n",
            to: "front.yaml"
        )
        let yaml =
            "front: front.yaml\ndefaults: { headers: { X-In: \(YAMLText.scalar(text)) } }\ncases: [{ url: http://a/, "
            + "expect: { headers: { \(YAMLText.scalar(text.isEmpty ? "empty" : text)): ~ } } }]\n"
        try folder.write(yaml, to: "a.cases.yaml")
        let file = try CaseReader.load(folder.path + "a.cases.yaml")
        #expect(file.cases.first?.headers.first?.value == text)
    }
}
