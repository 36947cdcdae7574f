import Foundation
import Names
import Routing
import RoutingConfig
import Testing

@testable import Operations

@Suite struct EntryAgesTests {
    private let now = Date(timeIntervalSince1970: 1_763_725_000)

    private func container(_ identity: String?) -> NamedAddress {
        NamedAddress(address: IPAddress(v4: 1), identity: identity)
    }

    @Test(
        arguments: [
            ("4f2a@2025-11-21T11:36:30Z", 10), ("4f2a@2025-11-21T11:36:30.999999999Z", 10),
            ("4f2a@2025-11-21T13:36:30.5+02:00", 10), ("4f2a@2025-11-21T12:00:00Z", 0), ("4f2a@", nil),
            ("4f2a@yesterday", nil), ("7f3a", nil), (nil, nil),
        ] as [(String?, Int64?)]
    )
    func `A container's age counts from its start, in whatever form the engine says it`(
        identity: String?,
        age: Int64?
    ) {
        let ages = EntryAges([], now: now)
        #expect(ages.age([container(identity)], source: 0, since: nil) == age)
    }

    @Test
    func `What the entry says counts first, then the youngest container, or a file's last change`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "berth-ages-\(UUID().uuidString)")
        try Data().write(to: file)
        let changed = Date(timeIntervalSince1970: 1_763_725_000 - 90)
        try FileManager.default.setAttributes([.modificationDate: changed], ofItemAtPath: file.path)
        let place = SourceLocation(file: "nosuch", line: 1, column: 1)
        let ages = EntryAges(
            [.hostsFile(path: file.path, origin: place), .static([], origin: place)],
            now: now
        )
        #expect(ages.age([], source: 0, since: nil) == 90)
        #expect(ages.age([], source: 1, since: nil) == nil)
        #expect(ages.age([], source: 0, since: 1_763_724_999) == 1)
        #expect(ages.age([], source: 0, since: .max) == 0)
        #expect(ages.age([], source: -1, since: .min) == 1_000_000_000_000)
        let two = [container("a@2025-11-21T11:36:30Z"), container("b@2025-11-21T11:36:35Z")]
        #expect(ages.age(two, source: 1, since: nil) == 5)
        try FileManager.default.removeItem(at: file)
    }

    @Test(
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (172_799, "47h"),
            (172_800, "2d"),
        ]
            as [(Int64, String)]
    )
    func `An age is shown in the unit that says most`(seconds: Int64, text: String) {
        #expect(NameListing.span(seconds) == text)
    }
}
