import Routing
import RoutingConfig
import Testing

@testable import RuleTesting

@Suite struct CaseTests {
    /// Runs one case against the rules of ``Rules`` and returns the differences.
    private func differences(_ text: String) throws -> [String] {
        let folder = try Folder.withRules()
        let lines = text.split(separator: "\n").map { "    \($0)\n" }.joined()
        try folder.write("front: front.yaml\nlocal: local.yaml\ncases:\n  -\n\(lines)", to: "a.cases.yaml")
        let report = try folder.run()
        #expect(report.results.count == 1)
        return report.results[0].differences.map { "\($0.key): \($0.expectedText) / \($0.actualText)" }
    }

    @Test func `A case passes if everything that it expects is right`() throws {
        let found = try differences(
            """
            url: http://shop_c1_01.test.priv/a?b
            method: POST
            headers: { X-One: '1', Accept: [text/html, text/plain] }
            client: 192.0.2.7
            expect:
              front: { rule: saas, captures: { app: shop, host: '01' }, target: host_01:9000, client: 192.0.2.7 }
              local: { rule: container, target: c1:8080, endpoints: 127.0.1.11:8080 }
              request: POST /a?b HTTP/1.1
              headers: { x-app: shop, X-One: 1, accept: [text/html, text/plain], X-None: ~ }
            """
        )
        #expect(found == [])
    }

    @Test func `The names of cases replace the name sources, and the endpoints of pools stay`() throws {
        let folder = try Folder()
        try folder.write(
            """
            rules: [{ name: all, host: '~^(?<app>[a-z]+)\\.test$', to: '$app' }]
            pools: [{ name: api, endpoints: [{ address: 10.0.0.2:81, weight: 2 }] }]
            names: [static: { web: 10.0.0.1 }]
            """,
            to: "local.yaml"
        )
        try folder.write(
            """
            local: { rules: local.yaml, names: { web: 10.0.0.9, api: 10.0.0.9 } }
            cases:
              - url: http://api.test/
                expect: { local: { endpoints: 10.0.0.2:81 } }
              - url: http://web.test/
                expect: { local: { endpoints: 10.0.0.9:80 } }
            """,
            to: "a.cases.yaml"
        )
        #expect(try folder.run().results.map { $0.differences.map(\.key) } == [[], []])
    }

    @Test func `What a rule changes in responses can be expected`() throws {
        let folder = try Folder()
        try folder.write(
            """
            rules:
              - name: all
                to: web
                response_headers: { set: { X-A: '1' }, remove: [Server] }
                rewrite_location: default
            names: [static: { web: 10.0.0.1 }]
            """,
            to: "local.yaml"
        )
        try folder.write(
            """
            local: local.yaml
            cases:
              - url: http://a.test/
                expect: { local: { response: [remove server, 'set X-A: 1', rewrite own address] } }
              - url: http://a.test/
                expect: { local: { response: ~ } }
            """,
            to: "a.cases.yaml"
        )
        let results = try folder.run().results
        #expect(results.map { $0.differences.map(\.key) } == [[], ["local.response"]])
    }

    @Test func `Each difference has both values`() throws {
        let found = try differences(
            """
            url: http://shop_c1_01.test.priv/
            expect:
              front: { rule: old, captures: { app: wiki, nosuch: x }, target: ~ }
              headers: { X-App: [shop, shop], X-None: yes }
            """
        )
        #expect(
            found == [
                "front.rule: old / saas", "front.captures.app: wiki / shop",
                "front.captures.nosuch: x / nothing",
                "front.target: nothing / host_01:9000", "headers.X-App: [shop, shop] / shop",
                "headers.X-None: 'yes' / nothing",
            ]
        )
    }

    @Test(
        arguments: [
            ("http://nothing.example/", ["status: forwarded / 404", "cause: nothing / no_rule"]),
            ("http://a.internal.test.priv/", ["status: forwarded / 403"]),
            (
                "http://old.test.priv/x",
                ["status: forwarded / 302", "redirect: nothing / https://new.test.priv/x"]
            ),
            ("http://shop_c1_01.test.priv/", []),
        ]
    )
    func `A case that names no ending expects the request to arrive`(url: String, expected: [String]) throws {
        #expect(try differences("url: \(url)") == expected)
    }

    @Test func `Refusals, responses and redirects are expected by status, cause and location`() throws {
        #expect(
            try differences("url: http://x.y/\nexpect: { status: 404, cause: no_rule, front: { rule: ~ } }")
                == []
        )
        #expect(
            try differences(
                "url: http://shop_c9_01.test.priv/\nexpect: { cause: unknown_target, local: { target: 'c9:8080' } }"
            )
                == []
        )
        #expect(
            try differences(
                "url: http://old.test.priv/x\nexpect: { status: 302, redirect: 'https://new.test.priv/x' }"
            ) == []
        )
        #expect(
            try differences("url: http://shop_c1_01.test.priv/\nexpect: { status: 404 }") == [
                "status: 404 / forwarded"
            ]
        )
    }

    @Test func `A tier that is not to be reached is written as nothing`() throws {
        #expect(try differences("url: http://x.y/\nexpect: { status: 404, local: ~ }") == [])
        let found = try differences("url: http://shop_c1_01.test.priv/\nexpect: { local: ~ }")
        #expect(found.count == 1 && found[0].hasPrefix("local: nothing / {"))
    }

    @Test func `Defaults hold for all cases, and a case's own come first`() throws {
        let folder = try Folder.withRules()
        try folder.write(
            """
            front: front.yaml
            defaults: { method: PUT, client: 192.0.2.1, headers: { X-A: a, X-B: b } }
            cases:
              - url: http://shop_c1_01.test.priv/
                expect: { front: { client: 192.0.2.1 }, request: PUT / HTTP/1.1, headers: { X-A: a, X-B: b } }
              - url: http://shop_c1_01.test.priv/
                method: GET
                client: 192.0.2.2
                headers: { x-b: c }
                expect: { front: { client: 192.0.2.2 }, request: GET / HTTP/1.1, headers: { X-A: a, X-B: c } }
            """,
            to: "a.cases.yaml"
        )
        #expect(try folder.run().results.flatMap(\.differences).map(\.key) == [])
    }

    @Test func `Names in the file of cases stand in for the rules' own`() throws {
        let folder = try Folder()
        try folder.write(
            "rules:\n  - name: a\n    host: '*.test.priv'\n    to: 'box:80'\nnames:\n  - hosts_file: nowhere\n",
            to: "local.yaml"
        )
        try folder.write(
            """
            local: { rules: local.yaml, names: { box: [10.0.0.1, '10.0.0.2:81'] } }
            cases:
              - url: http://a.test.priv/
                expect: { local: { endpoints: ['10.0.0.1:80', '10.0.0.2:81'] } }
            """,
            to: "a.cases.yaml"
        )
        #expect(try folder.run().failed == 0)
        try folder.write("local: local.yaml\ncases:\n  - url: http://a.test.priv/\n", to: "a.cases.yaml")
        let failure = #expect(throws: ConfigurationFailure.self) { try folder.run() }
        #expect(failure?.description.contains("names: { name: 10.0.0.1 }") == true)
    }

    @Test func `Files of cases are no rules, in a folder or by name`() throws {
        let folder = try Folder.withRules()
        try folder.write("front: front.yaml\ncases: []\n", to: "a.cases.yaml")
        #expect(try ConfigurationLoader.load([folder.path + "front.yaml"]).table.rules.count == 3)
        try folder.write("not: rules", to: "b.cases.yml")
        let both = try ConfigurationLoader.load([folder.path])
        #expect(both.files.map { $0.dropFirst(folder.path.count) } == ["front.yaml", "local.yaml"])
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try ConfigurationLoader.load([folder.path + "a.cases.yaml"])
        }
        #expect(failure?.description.contains("berth test") == true)
    }
}
