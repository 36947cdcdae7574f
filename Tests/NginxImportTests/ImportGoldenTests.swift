import Foundation
import NginxImport
import Routing
import RoutingConfig
import Testing

/// Configurations and the rule files that they become.
///
/// For each `Golden/x.conf` there is a `Golden/x.yaml`, the rule file with its listing. After a deliberate
/// change: `BERTH_UPDATE_GOLDEN=1 swift test --filter NginxImportTests`, and review the difference.
@Suite struct ImportGoldenTests {
    static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden").path + "/"
    static let update = ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil

    static func cases(_ prefix: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder + prefix)) ?? []
        return entries.filter { $0.hasSuffix(".conf") }.sorted()
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder + name)))
    }

    static func convert(_ text: String, listen: String? = nil) throws -> NginxImport {
        try NginxImport(Array(text.utf8), file: "nginx.conf", listen: listen) { _ in .files([]) }
    }

    @Test(arguments: cases(""))
    func `A configuration becomes the golden rule file, and it loads`(name: String) throws {
        let made = try NginxImport(try Self.bytes(name), file: name) { .unreadable("\($0) is not there") }
        try check(made.yaml, against: name.replacingOccurrences(of: ".conf", with: ".yaml"))
        let loaded = try ConfigurationLoader.load(text: made.yaml, file: name)
        #expect(loaded.table.rules.count == made.ruleCount)
        // The rule file lists the findings, too.
        for finding in made.findings { #expect(made.yaml.contains("#   \(finding.text)\n")) }
    }

    @Test(arguments: ["two-tier-front.conf", "two-tier-local.conf", "maps.conf", "locations.conf"])
    func `Tutorials are translated line by line`(name: String) throws {
        let made = try NginxImport(try Self.bytes(name), file: name) { _ in .files([]) }
        // What their authors wrote; what nginx does by default is listed.
        #expect(!made.findings.contains { $0.kind == .untranslated }, "\(made.findings)")
    }

    @Test(arguments: cases("broken"))
    func `What nginx cannot read either is an error with its position`(name: String) throws {
        let file = "broken/\(name)"
        let thrown = #expect(throws: NginxError.self) {
            _ = try NginxImport(try Self.bytes(file), file: name) { _ in
                .files([(name, (try? Self.bytes(file)) ?? [])])
            }
        }
        let error = try #require(thrown)
        let text =
            "\(error.position): \(error.message)\n\(error.sourceLine)\n\(error.hint ?? "")\n"
        try check(text, against: file.replacingOccurrences(of: ".conf", with: ".txt"))
    }

    @Test func `Blocks that start with the same include are all reviewed`() throws {
        let text = """
            server {
              location /a { include proxy.conf; }
              location /b { include proxy.conf; proxy_bind 10.0.0.1; }
            }
            """
        let made = try NginxImport(Array(text.utf8), file: "nginx.conf") { name in
            .files([(name, Array("proxy_pass http://10.0.0.2;".utf8))])
        }
        #expect(made.findings.contains { $0.what == "proxy_bind" })
    }

    private func check(_ actual: String, against golden: String) throws {
        let path = Self.folder + golden
        if Self.update {
            try actual.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        if actual != expected {
            Issue.record("\(golden) expects\n\(expected)\nbut the import wrote\n\(actual)")
        }
    }
}
