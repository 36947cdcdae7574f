import Foundation
import Names
import Routing
import TestSupport
import Testing

@testable import Operations

@Suite struct ReadinessTests {
    private let log = LogCapture()
    private let file = FileManager.default.temporaryDirectory.appending(
        path: "berth-ready-\(UUID().uuidString)"
    )

    private var fileIsThere: Bool { FileManager.default.fileExists(atPath: file.path) }

    private func readiness(_ manager: SystemdNotifier = SystemdNotifier(path: nil)) -> Readiness {
        Readiness(file: file.path, manager: manager, logger: log.logger())
    }

    private static func table(_ contents: (String, NameLayer.Content)...) -> NameTable {
        NameTable(layers: contents.map { NameLayer(source: $0.0, content: $0.1) })
    }

    private static let names = NameLayer(source: "", names: [:]).content
    private static let down = NameLayer.Content.failed(NameProblem(.unavailable, "down"))

    @Test
    func `A tier is ready when each source has spoken, says once what it waits for, and stays ready`() throws
    {
        try Data().write(to: file)
        let readiness = readiness()
        #expect(!fileIsThere, "what an earlier life left behind says nothing")
        readiness.update(Self.table(("etcd", .cold), ("static", Self.names)))
        readiness.update(Self.table(("etcd", Self.down), ("static", Self.names)))
        #expect(!readiness.isReady && !fileIsThere)
        let named = Self.table(("etcd", Self.names), ("static", Self.names))
        readiness.update(named)
        #expect(readiness.isReady && fileIsThere)
        readiness.update(Self.table(("etcd", Self.down)))
        readiness.update(named)
        #expect(readiness.isReady && fileIsThere)
        readiness.end()
        #expect(!readiness.isReady && !fileIsThere)
        readiness.update(named)
        #expect(!fileIsThere)
        #expect(log.messages == ["not ready: waiting for names", "ready"])
        #expect(log.lines.first?.metadata["sources"] == "etcd")
    }

    @Test func `The file comes with its folder, and in place of a planted link`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "run/berth/ready").path
        let readiness = Readiness(file: path, manager: SystemdNotifier(path: nil), logger: log.logger())
        let victim = folder.appending(path: "victim").path
        try FileManager.default.createDirectory(
            atPath: folder.appending(path: "run/berth").path,
            withIntermediateDirectories: true
        )
        try "precious".write(toFile: victim, atomically: false, encoding: .utf8)
        #expect(symlink(victim, path) == 0)
        readiness.update(Self.table(("static", Self.names)))
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
        let kind = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        #expect(kind == .typeRegular)
        readiness.end()
        #expect(!FileManager.default.fileExists(atPath: path))
        let again = Readiness(
            file: folder.appending(path: "more/than/one/ready").path,
            manager: SystemdNotifier(path: nil),
            logger: log.logger()
        )
        again.update(Self.table(("static", Self.names)))
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "more/than/one/ready").path))
        #expect(log.messages == ["ready", "ready"])
    }

    @Test func `The service manager gets a datagram; one that is not there is an error in the log alone`() {
        let here = readiness(SystemdNotifier(path: "/nosuch/folder/socket"))
        here.update(Self.table(("static", Self.names)))
        #expect(here.isReady)
        #expect(log.messages == ["ready", "service manager not notified that the tier is ready"])
        here.end()
        for path in ["", "relative", String(repeating: "/x", count: 100)] {
            #expect(SystemdNotifier(path: path).send("READY=1") != nil)
        }
        #expect(SystemdNotifier(path: nil).send("READY=1") == nil)
    }
}
