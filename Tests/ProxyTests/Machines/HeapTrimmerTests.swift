import Testing

@testable import Proxy
@testable import ProxyCore

@Suite struct HeapTrimmerTests {
    @Test func `A crowd has left when three quarters are gone, once`() {
        var trimmer = HeapTrimmer()
        let seen = [10, 2000, 3000, 751, 750, 700, 0].map { trimmer.hasShrunk($0) }
        #expect(seen == [false, false, false, false, true, false, false])
    }

    @Test func `A few connections that come and go are no crowd`() {
        var trimmer = HeapTrimmer()
        let seen = [1023, 0, 1023, 0].map { trimmer.hasShrunk($0) }
        #expect(seen == [false, false, false, false])
    }
}
