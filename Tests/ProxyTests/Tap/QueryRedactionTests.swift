import Testing

@testable import ProxyCore

@Suite struct QueryRedactionTests {
    private static func redacted(
        _ text: String,
        isField: Bool = true,
        _ names: [String] = ["token", "sig"]
    ) -> String {
        var out: [UInt8] = []
        QueryRedaction.append(
            text.utf8.span,
            isField: isField,
            without: names.map { Array($0.utf8) },
            to: &out
        )
        return String(decoding: out, as: UTF8.self)
    }

    @Test(arguments: [
        ("/a?token=secret", "/a?token=[redacted]"),
        ("/a?x=1&token=secret&y=2", "/a?x=1&token=[redacted]&y=2"),
        ("/a?token=secret;sig=secret#x", "/a?token=[redacted]#x"),
        ("/a?TOKEN=secret", "/a?TOKEN=[redacted]"),
        ("/a?%74oken=secret", "/a?%74oken=[redacted]"),
        ("/a?t%6Fken=secret", "/a?t%6Fken=[redacted]"),
        ("/a?token=secret=secret", "/a?token=[redacted]"),
        ("/a?token=", "/a?token=[redacted]"),
        ("/a?token", "/a?token"),
        ("/a?tokens=1&atoken=2", "/a?tokens=1&atoken=2"),
        ("/token=1", "/token=1"),
        ("https://x/?token=secret", "https://x/?token=[redacted]"),
        ("https://x/#token=secret", "https://x/#token=[redacted]"),
        ("0; url=/a?token=secret", "0; url=/a?token=[redacted]"),
        ("<https://x/?token=secret>; rel=next", "<https://x/?token=[redacted]>; rel=next"),
        ("/a?token=secret%", "/a?token=[redacted]"),
        ("/a?%=1&%7=2&token=secret", "/a?%=1&%7=2&token=[redacted]"),
        ("", ""), ("?", "?"), ("=", "="), ("?=secret", "?=secret"),
    ])
    func `Values of the named parameters are left out, however the names are written`(
        text: String,
        expected: String
    ) {
        #expect(Self.redacted(text) == expected)
    }

    @Test(arguments: [
        "/x?token=SECRET;rest", "/x?token=SEC\"rest", "/x?token=SEC>rest", "/x?token=SEC%20rest",
    ])
    func `In a target no part of a value is left`(text: String) {
        #expect(Self.redacted(text, isField: false) == "/x?token=[redacted]")
    }

    @Test func `Without names, nothing changes`() {
        #expect(Self.redacted("/a?token=1", []) == "/a?token=1")
    }
}
