import Balancing
import Foundation
import Names
import RegistryTestSupport
import SystemSupport
import Testing

@testable import EtcdNames

@Suite struct SnapshotFileTests {
    private let file = SnapshotFile(
        path: FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString).names").path
    )
    private let names = [
        "a": [at("10.0.0.1:9000", weight: 3, identity: "i-1"), at("[fd00::1]:80")],
        "b": [NamedAddress(address: at("10.0.0.2:1").address)],
    ]

    @Test func `What was written is read; without a file there are no names`() throws {
        defer { unlink(file.path) }
        #expect(try file.read() == nil)
        try file.write(names)
        #expect(try file.read() == names)
        try file.write([:])
        #expect(try file.read() == [:])
    }

    @Test func `States, backups and bounds are kept, in a file of another version`() throws {
        defer { unlink(file.path) }
        let plain = String(decoding: SnapshotFile.encode(names), as: UTF8.self)
        #expect(plain.hasPrefix("berth-names 1\n"))
        var more = names
        more["c"] = [
            at("10.0.0.3:1") { $0.state = .drain }, at("10.0.0.4:1") { $0.state = .down },
            at("10.0.0.5:1", weight: 0, identity: "i-5") {
                $0.isBackup = true
                $0.maxConnections = 1_000_000
                $0.state = .drain
            },
        ]
        try file.write(more)
        #expect(String(decoding: SnapshotFile.encode(more), as: UTF8.self).hasPrefix("berth-names 2\n"))
        #expect(try file.read() == more)
    }

    @Test func `What checks found is not kept`() throws {
        defer { unlink(file.path) }
        try file.write(["a": [at("10.0.0.1:1") { $0.health = .down }, at("10.0.0.2:1")]])
        #expect(try file.read() == ["a": [at("10.0.0.1:1"), at("10.0.0.2:1")]])
    }

    @Test func `A file that is truncated or changed anywhere is not used`() throws {
        defer { unlink(file.path) }
        let whole = SnapshotFile.encode(names)
        for length in 0..<whole.count {
            try Data(whole[..<length]).write(to: URL(filePath: file.path))
            #expect(throws: FileError.self) { try file.read() }
        }
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x01
            try Data(damaged).write(to: URL(filePath: file.path))
            #expect(throws: FileError.self) { try file.read() }
        }
    }
}
