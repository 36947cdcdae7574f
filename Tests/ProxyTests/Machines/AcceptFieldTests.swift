import Testing

@testable import Proxy
@testable import ProxyCore

@Suite struct AcceptFieldTests {
    @Test(
        arguments: [
            ("application/json", true), ("APPLICATION/JSON ; q=0.9", true),
            ("*/*, application/problem+json", true),
            ("text/html, application/json", false), ("application/json, text/html", true),
            ("application/xhtml+xml,application/json", false), ("text/html;q=1,a/b+json", false),
            ("", false), (",,", false), ("*/*", false), ("text/html5, a/json", false),
        ]
    )
    func `JSON is preferred where it is named and HTML is not named before it`(_ value: String, json: Bool) {
        #expect(AcceptField.prefersJSON(Array(value.utf8).span) == json)
    }
}
