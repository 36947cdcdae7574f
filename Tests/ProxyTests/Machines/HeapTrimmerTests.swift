import NIOCore
import Testing

@testable import Proxy
@testable import ProxyCore

@Suite struct HeapTrimmerTests {
    private static let start = NIODeadline.uptimeNanoseconds(0)

    @Test func `A crowd has left when three quarters are gone, once`() {
        var trimmer = HeapTrimmer()
        let seen = [10, 2000, 3000, 751, 750, 700, 0].map { trimmer.isDue(connections: $0, now: Self.start) }
        #expect(seen == [false, false, false, false, true, false, false])
    }

    @Test func `What the last of a crowd held is given back, too`() {
        var trimmer = HeapTrimmer()
        _ = trimmer.isDue(connections: 1_000, now: Self.start)
        let seen = (0..<20).map { trimmer.isDue(connections: 30, now: Self.start + .seconds($0)) }
        #expect(seen.indices.filter { seen[$0] } == [0, 5])
    }

    @Test func `A few connections that come and go are no crowd`() {
        var trimmer = HeapTrimmer()
        let seen = [63, 0, 63, 0].map { trimmer.isDue(connections: $0, now: Self.start) }
        #expect(seen == [false, false, false, false])
    }

    @Test func `A crowd that comes and goes is noticed every five seconds`() {
        var trimmer = HeapTrimmer()
        let seen = (0..<12).map { second in
            let now = Self.start + .seconds(Int64(second))
            _ = trimmer.isDue(connections: 1_000, now: now)
            return trimmer.isDue(connections: 0, now: now)
        }
        #expect(seen.indices.filter { seen[$0] } == [0, 5, 10])
    }
}
