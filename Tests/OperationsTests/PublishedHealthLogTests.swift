import Logging
import Names
import NIOCore
import RegistryTestSupport
import TestSupport
import Testing

@testable import Operations

@Suite struct PublishedHealthLogTests {
    private func table(_ names: [String: PublishedHealth?]) -> NameTable {
        let names = names.mapValues { health in [at("10.0.0.5:9000") { $0.health = health }] }
        return NameTable(layers: [NameLayer(source: "etcd", names: names)])
    }

    @Test func `A name that goes down is logged once, and its return`() {
        let capture = LogCapture()
        let log = PublishedHealthLog(capture.logger())
        func update(_ names: [String: PublishedHealth?], changed: Set<String>?) {
            log.update(NameTableUpdate(table: table(names), changed: changed), now: .uptimeNanoseconds(1))
        }
        update(["a": .up, "b": .up, "c": nil], changed: nil)
        #expect(capture.lines.isEmpty)
        update(["a": .down, "b": .up], changed: ["a", "c"])
        update(["a": .down, "b": .up], changed: ["a"])
        #expect(capture.lines.count == 1)
        update(["a": .up, "b": .up], changed: ["a"])
        #expect(capture.lines.count == 2)
        // A name that is gone is not up.
        update(["a": .up, "b": .down], changed: ["b"])
        update(["a": .up], changed: ["b"])
        update(["a": .up], changed: nil)
        #expect(capture.lines.count == 3)
        #expect(capture.lines.allSatisfy { $0.metadata["cause"] == "published" })
    }
}
