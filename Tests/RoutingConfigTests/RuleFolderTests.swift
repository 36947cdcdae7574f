import Foundation
import Routing
import RoutingConfig
import Settings
import Testing

/// The repository's own rule files, and sets of files on disk.
@Suite struct RuleFolderTests {
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    @Test(arguments: ["front", "local"])
    func `The rule files of the hostname scheme load without a finding`(tier: String) throws {
        let configuration = try ConfigurationLoader.load([Self.repository + "/rules/\(tier).yaml"])
        #expect(configuration.table.rules.map(\.name) == ["saas"])
        #expect(configuration.warnings.isEmpty)
        #expect(configuration.names.count == 1)
        #expect(configuration.trustedProxies.isEmpty == (tier == "front"))
    }

    @Test func `The files of a folder are one set in name order`() throws {
        try withFolder([
            "b.yaml": "rules: [{ name: two, to: 'b:80' }]\nnames: [{ hosts_file: b.hosts }]\n",
            "a.yml":
                "rules: [{ name: one, to: 'a:80' }]\nlimits: { body: 1 }\ntrusted_proxies: ['::1']\n",
            "c.yaml":
                "names: [{ static: { x: 127.0.0.1 } }]\nlimits: { uri: 1k }\ntrusted_proxies: [10.0.0.1]\n",
            "ignored.json": "{",
            ".hidden.yaml": "{",
            "b.hosts": "",
        ]) { folder in
            let configuration = try ConfigurationLoader.load([folder])
            #expect(configuration.table.rules.map(\.name) == ["one", "two"])
            #expect(configuration.files == ["a.yml", "b.yaml", "c.yaml"].map { "\(folder)/\($0)" })
            #expect(configuration.limits.bodyBytes == 1 && configuration.limits.targetBytes == 1024)
            #expect(configuration.names.map(\.origin.line) == [2, 1])
            #expect(configuration.trustedProxies.count == 2)
            let again = try ConfigurationLoader.load(["\(folder)/b.yaml", "\(folder)/a.yml", folder])
            #expect(again.files == configuration.files)
        }
    }

    @Test func `A hosts file that is not there yet is a warning`() throws {
        try withFolder(["a.yaml": "rules: [{ name: one, to: 'a:80' }]\nnames: [{ hosts_file: nowhere }]\n"]) {
            folder in
            let warnings = try ConfigurationLoader.load([folder]).warnings
            #expect(warnings.map(\.severity) == [.warning])
            #expect(warnings.first?.line == 2)
            #expect(
                warnings.first?.message == "the hosts file \(folder)/nowhere cannot be read at the moment"
            )
        }
    }

    @Test func `No files at all are no configuration`() {
        #expect(throws: ConfigurationFailure.self) { _ = try ConfigurationLoader.load([]) }
    }

    private func withFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files {
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
        try body(folder)
    }
}
