import Foundation
import NginxImport
import Routing
import RoutingConfig
import Testing

/// Configurations, and what becomes of them.
///
/// For each `Golden/x.conf` there is a `Golden/x.yaml`, the rule file with its listing. After a wanted
/// change: `BERTH_UPDATE_GOLDEN=1 swift test --filter NginxImportTests`, and read the difference.
@Suite("Import of nginx configurations") struct ImportGoldenTests {
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

    @Test("A configuration becomes the rules that are written down, and they load", arguments: cases(""))
    func golden(name: String) throws {
        let made = try NginxImport(try Self.bytes(name), file: name) { .unreadable("\($0) is not there") }
        try check(made.yaml, against: name.replacingOccurrences(of: ".conf", with: ".yaml"))
        let loaded = try ConfigurationLoader.load(text: made.yaml, file: name)
        #expect(loaded.table.rules.count == made.ruleCount)
        // What is listed stands in the file, too.
        for finding in made.findings { #expect(made.yaml.contains("#   \(finding.text)\n")) }
    }

    @Test(
        "Tutorials are imported whole",
        arguments: ["two-tier-front.conf", "two-tier-local.conf", "maps.conf", "locations.conf"]
    )
    func whole(name: String) throws {
        let made = try NginxImport(try Self.bytes(name), file: name) { _ in .files([]) }
        #expect(made.isWhole, "\(made.findings)")
    }

    @Test("What nginx could not read either is an error with its place", arguments: cases("broken"))
    func broken(name: String) throws {
        let file = "broken/\(name)"
        let error = #expect(throws: NginxError.self) {
            _ = try NginxImport(try Self.bytes(file), file: name) { _ in
                .files([(name, (try? Self.bytes(file)) ?? [])])
            }
        }
        let said = try #require(error)
        let text =
            "\(said.place):\(said.place.column): \(said.message)\n\(said.sourceLine)\n\(said.hint ?? "")\n"
        try check(text, against: file.replacingOccurrences(of: ".conf", with: ".txt"))
    }

    private func check(_ said: String, against golden: String) throws {
        let path = Self.folder + golden
        if Self.update {
            try said.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        if said != expected { Issue.record("\(golden) expects\n\(expected)\nbut this came:\n\(said)") }
    }
}
