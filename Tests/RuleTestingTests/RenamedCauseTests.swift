import ProxyCore
import Testing

@testable import RuleTesting

@Suite struct RenamedCauseTests {
    @Test func `Each renamed cause has a new name that exists, and the old one is gone`() {
        for (old, new) in RenamedCause.names {
            #expect(Failure.Reason(rawValue: old) == nil, "\(old)")
            #expect(Failure.Reason(rawValue: new) != nil, "\(new)")
        }
    }
}
