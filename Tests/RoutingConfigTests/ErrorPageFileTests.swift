import Foundation
import Routing
import RoutingConfig
import Testing

/// `error_pages` of rule files: the pages are read with the rules.
@Suite struct ErrorPageFileTests {
    private static func load(
        _ text: String,
        files: [String: Data] = ["502.html": Data("sorry".utf8)]
    ) throws -> Configuration {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, content) in files { try content.write(to: folder.appending(path: name)) }
        let rules = folder.appending(path: "rules.yaml")
        try text.write(to: rules, atomically: true, encoding: .utf8)
        return try ConfigurationLoader.load([rules.path])
    }

    private static func rule(_ pages: String) -> String {
        "rules: [{ name: a, to: web, error_pages: \(pages) }]"
    }

    /// The messages of the findings.
    private static func messages(_ pages: String, files: [String: Data] = [:]) -> [String] {
        do throws(any Error) {
            _ = try load(rule(pages), files: files)
            return []
        } catch {
            return (error as? ConfigurationFailure)?.diagnostics.map(\.message) ?? ["\(error)"]
        }
    }

    @Test func `A page is read from the rule file's folder, with its type`() throws {
        let configuration = try Self.load(
            Self.rule(
                "{ 502: 502.html, 5xx: { file: 502.html, content_type: text/x, status: 500, intercept: true } }"
            )
        )
        let pages = configuration.table.rules[0].definition.errorPages
        #expect(pages.map(\.selector) == [.statuses(502...502), .statuses(500...599)])
        guard case .file(let first) = pages[0].content, case .file(let second) = pages[1].content else {
            Issue.record("no files")
            return
        }
        #expect(first.body == Array("sorry".utf8) && first.contentType == "text/html; charset=utf-8")
        #expect(second.contentType == "text/x")
        #expect(pages[1].status == 500 && pages[1].replacesResponses && !pages[0].replacesResponses)
    }

    @Test func `Pages of the tier are written at the top, without variables`() throws {
        let configuration = try Self.load(
            "error_pages: { no_rule: 502.html, 5xx: { to: 'errors:8080/5xx' } }\nrules: [{ name: a, to: web }]"
        )
        #expect(
            configuration.errorPages.map(\.description).map { $0.replacing(/: .*\//, with: ": …/") }
                == ["page no_rule: …/502.html", "page 5xx: …/5xx"]
        )
        #expect(throws: ConfigurationFailure.self) {
            _ = try Self.load("error_pages: { 5xx: { to: 'errors/${path}' } }\nrules: [{ name: a, to: web }]")
        }
    }

    @Test(arguments: [
        ("{ 502: missing.html }", "this file does not exist"),
        ("{ 302: p.html }", "`302` is neither a status from 400 to 599 nor a cause"),
        (
            "{ conection_refused: p.html }",
            "`conection_refused` is neither a status from 400 to 599 nor a cause"
        ),
        ("{ 502: p.bin }", "the content type of this file is not known by its name"),
        ("{ 502: { status: 200 } }", "an error page has a `file` or a target (`to`)"),
        ("{ 502: { file: p.html, to: web } }", "an error page has either `file` or `to`"),
        ("{ no_rule: { file: p.html, intercept: true } }", "responses of a container have no cause"),
        (
            "{ 502: { file: p.html, intercept: maybe } }",
            "`intercept` must be `true` or `false`, not the text `maybe`"
        ),
        ("{ 502: { to: 'web:port/x' } }", "the port is not a number from 1 to 65535"),
        ("{ 502: { to: 'web/$x' } }", "no pattern captures `x`"),
        ("{ 502: large.html }", "this file is larger than the maximum of 256 KiB"),
        ("[p.html]", "`error_pages` must be a mapping of statuses or causes to pages, not a list"),
    ])
    func `A page that cannot be shown is an error`(pages: String, message: String) {
        let files = [
            "p.html": Data("x".utf8), "p.bin": Data("x".utf8),
            "large.html": Data(repeating: 0x78, count: (256 << 10) + 1),
        ]
        #expect(Self.messages(pages, files: files) == [message])
    }

    @Test func `A rule that does not forward has no pages`() {
        #expect(throws: ConfigurationFailure.self) {
            _ = try Self.load("rules: [{ name: a, respond: 404, error_pages: { 404: 502.html } }]")
        }
    }
}
