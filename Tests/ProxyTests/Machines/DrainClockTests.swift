import NIOCore
import Testing

@testable import ProxyCore

@Suite struct DrainClockTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test func `The time of an endpoint begins when it drains, and ends where it does not any longer`() {
        var clock = DrainClock()
        func isOver(_ seconds: Int64, drains: Bool) -> Bool {
            clock.isOver(
                endpointDrains: drains,
                time: .seconds(10),
                tierEnd: nil,
                now: Self.start + .seconds(seconds)
            )
        }
        #expect(!isOver(0, drains: false) && !isOver(100, drains: true) && !isOver(109, drains: true))
        #expect(!isOver(109, drains: false) && !isOver(110, drains: true) && !isOver(119, drains: true))
        #expect(clock.overSince == nil)
        #expect(isOver(120, drains: true) && isOver(130, drains: true))
        #expect(clock.overSince == Self.start + .seconds(120))
    }

    @Test func `Of the tier and the endpoint the first counts`() {
        var clock = DrainClock()
        let end = Self.start + .seconds(5)
        func isOver(_ seconds: Int64) -> Bool {
            clock.isOver(
                endpointDrains: true,
                time: .seconds(10),
                tierEnd: end,
                now: Self.start + .seconds(seconds)
            )
        }
        #expect(!isOver(0) && !isOver(4) && isOver(5))
    }

    @Test(arguments: [
        ("", true), ("data: a\n\n", true), ("data: a\r\n\r\n", true), ("data: a\r\r", true),
        ("a\n\r\n", true),
        ("data: a\n", false), ("data: a", false), ("data: a\r\n", false), ("\n\nd", false), ("\r", false),
    ])
    func `An event stream is between events after an empty line`(text: String, isBetween: Bool) {
        var whole = EventBoundary()
        whole.append(Array(text.utf8).span)
        #expect(whole.isBetweenEvents == isBetween)
        var pieces = EventBoundary()
        for byte in text.utf8 { pieces.append([byte].span) }
        #expect(pieces.isBetweenEvents == isBetween)
    }
}
