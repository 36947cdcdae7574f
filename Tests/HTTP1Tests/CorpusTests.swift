import Foundation
import FuzzChecks
import Testing

/// The fuzzers' corpora, and everything that they or the tables of this folder ever found, judged as a fuzzer
/// judges it.
///
/// `BERTH_FUZZ_SEEDS=folder swift test --filter CorpusTests` writes the tables out as the seeds of a corpus;
/// `Fuzz/run --minimise folder` takes of them what is new to it.
@Suite struct CorpusTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fuzz")

    private static func files(_ folder: String, _ target: FuzzTarget) throws -> [URL] {
        let folder = root.appending(path: folder).appending(path: target.rawValue)
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `Every file of the corpus holds`(_ target: FuzzTarget) throws {
        let files = try Self.files("corpus", target)
        #expect(files.count > 20)
        for file in files { try judge(target, Array(Data(contentsOf: file)), file.lastPathComponent) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `Every failure that there ever was holds`(_ target: FuzzTarget) throws {
        for file in try Self.files("failures", target) {
            try judge(target, Array(Data(contentsOf: file)), file.lastPathComponent)
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `Every case of the tables holds`(_ target: FuzzTarget) throws {
        for (index, seed) in FuzzSeeds.seeds(target).enumerated() {
            try judge(target, seed, "seed \(index)")
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["BERTH_FUZZ_SEEDS"] != nil))
    func `The tables are written out`() throws {
        let folder = URL(filePath: ProcessInfo.processInfo.environment["BERTH_FUZZ_SEEDS"] ?? "seeds")
        for target in FuzzTarget.allCases {
            let place = folder.appending(path: target.rawValue)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for (index, seed) in FuzzSeeds.seeds(target).enumerated() {
                try Data(seed).write(to: place.appending(path: "seed-\(index)"))
            }
        }
    }

    private func judge(_ target: FuzzTarget, _ bytes: [UInt8], _ name: String) throws {
        do throws(Contradiction) {
            try target.check(bytes)
        } catch {
            Issue.record("\(target.rawValue), \(name): \(error)")
        }
    }
}
