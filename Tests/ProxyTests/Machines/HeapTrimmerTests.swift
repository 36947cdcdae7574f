import Testing

@testable import Proxy
@testable import ProxyCore

@Suite("A crowd of connections")
struct HeapTrimmerTests {
    @Test("It has left when three quarters are gone, once")
    func leaves() {
        var trimmer = HeapTrimmer()
        let seen = [10, 2000, 3000, 751, 750, 700, 0].map { trimmer.hasShrunk($0) }
        #expect(seen == [false, false, false, false, true, false, false])
    }

    @Test("A few connections that come and go are no crowd")
    func few() {
        var trimmer = HeapTrimmer()
        let seen = [1023, 0, 1023, 0].map { trimmer.hasShrunk($0) }
        #expect(seen == [false, false, false, false])
    }
}
