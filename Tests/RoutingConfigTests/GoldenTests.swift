import Foundation
import RoutingConfig
import Testing

/// Broken rule files, and what is said of them, as it is printed.
///
/// For each `Golden/x.yaml` or folder `Golden/x` there is a `Golden/x.txt`. After a wanted change:
/// `BERTH_UPDATE_GOLDEN=1 swift test --filter GoldenTests`, and read the difference.
@Suite struct GoldenTests {
    static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden").path + "/"
    /// The repository's own folder.
    static let root =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../").path + "/"
    static let update = ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil

    static let cases: [String] = {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return entries.filter { !$0.hasSuffix(".txt") }.sorted()
    }()

    @Test func `There are broken rule files to look at`() {
        #expect(Self.cases.count > 30)
    }

    @Test(arguments: cases)
    func `Every finding of a broken rule file is as written down`(name: String) throws {
        try check([name], against: name.replacingOccurrences(of: ".yaml", with: "") + ".txt")
    }

    @Test func `A missing file is a finding`() throws {
        try check(["missing/rules.yaml"], against: "missing_file.txt")
    }

    @Test func `Several files are read in name order and all of them are reported on`() throws {
        try check(["wrong_type.yaml", "missing.yaml", "bad_cidr.yaml"], against: "several_files.txt")
    }

    /// Loads files of the folder, and compares what is said without the machine's own paths.
    private func check(_ names: [String], against golden: String) throws {
        let path = Self.folder + golden
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try ConfigurationLoader.load(names.map { Self.folder + $0 })
        }
        let said =
            try #require(failure).rendered(color: false)
            .replacingOccurrences(of: Self.folder, with: "") + "\n"
        if Self.update {
            try said.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        if said != expected { Issue.record("\(golden) expects\n\(expected)\nbut this was said:\n\(said)") }
    }
}
