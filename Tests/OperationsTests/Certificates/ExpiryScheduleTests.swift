import Testing

@testable import Operations

@Suite struct ExpiryScheduleTests {
    private static let day = 86_400
    private static let now = 1_800_000_000

    private func item(_ id: UInt8, in days: Int) -> ExpirySchedule.Item {
        .init(path: "\(id).pem", name: "test", notAfter: Self.now + days * Self.day, fingerprint: [id])
    }

    @Test func `A certificate is logged when it expires soon, and once a day from then on`() {
        var schedule = ExpirySchedule()
        let items = [item(1, in: 15), item(2, in: 100)]
        var days: [Int] = []
        for minute in 0..<(17 * 24 * 60) {
            let due = schedule.due(now: Self.now + minute * 60) { items }
            if !due.isEmpty {
                #expect(due == [items[0]])
                days.append(minute / 1440)
            }
        }
        // When 14 days are left, on each of them, and at once when it has expired.
        #expect(days == Array(1...14) + [15, 16])
    }

    @Test func `A look takes place once a minute, and a clock that goes back ends nothing`() {
        var schedule = ExpirySchedule()
        var looks = 0
        for second in 0..<180 {
            _ = schedule.due(now: Self.now + second) {
                looks += 1
                return []
            }
        }
        #expect(looks == 3)
        _ = schedule.due(now: Self.now - 10 * Self.day) {
            looks += 1
            return []
        }
        #expect(looks == 4)
    }

    @Test func `One that was replaced is forgotten, and the first to expire comes first`() {
        var schedule = ExpirySchedule()
        #expect(
            schedule.due(now: Self.now) { [item(1, in: 9), item(2, in: 3), item(2, in: 3)] }.map(\.path) == [
                "2.pem", "1.pem",
            ]
        )
        #expect(schedule.due(now: Self.now + 60) { [item(1, in: 9)] }.isEmpty)
        #expect(
            schedule.due(now: Self.now + 120) { [item(1, in: 9), item(2, in: 3)] }.map(\.path) == ["2.pem"]
        )
    }
}
