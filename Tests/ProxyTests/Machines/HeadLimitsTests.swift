import HTTP1
import ProxyCore
import Settings
import Testing

@Suite struct HeadLimitsTests {
    @Test func `The parser's own defaults are those of a tier's settings`() {
        #expect(Limits().head(trusted: false) == HeadLimits.default)
    }
}
