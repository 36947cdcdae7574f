import NIOCore
import TestSupport
import Testing

@testable import RuleTesting

@Suite struct LogLineTests {
    private func read(_ line: String) -> (request: LoggedRequest, fault: LogLineFault?) {
        var request = LoggedRequest()
        let bytes = Array(line.utf8)
        let fault = request.read(bytes.span)
        return (request, fault)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(
        arguments: [
            #"a.test 192.0.2.7 - - [21/Nov/2026:10:00:00 +0000] "GET /x?y HTTP/1.1" 200 1 "-" "curl/8""#,
            #"a.test 192.0.2.7 - joe [21/Nov/2026:10:00:00 +0000] "GET /x?y HTTP/1.1" 200 1"#,
            #"192.0.2.7 - - [21/Nov/2026:10:00:00 +0000] "GET /x?y HTTP/1.1" 200 1 "-" "curl/8" host=a.test rule=b cause=-"#,
        ]
    )
    func `The host may come first, with or without a port, or last, as in Berth's format`(line: String) {
        let (request, fault) = read(line)
        #expect(fault == nil)
        #expect(text(request.host) == "a.test" && text(request.client) == "192.0.2.7")
        #expect(text(request.method) == "GET" && text(request.target) == "/x?y")
        #expect(request.referer.isEmpty)
    }

    @Test func `A host with a port, an address as host, and a client of a local socket are read`() {
        #expect(text(read(#"a.test:8080 ::1 - - [t] "GET / HTTP/1.1" 200 1"#).request.host) == "a.test:8080")
        let address = read(#"10.0.0.1 192.0.2.7 - - [t] "GET / HTTP/1.1" 200 1"#).request
        #expect(text(address.host) == "10.0.0.1" && text(address.client) == "192.0.2.7")
        #expect(text(read(#"a.test unix: - - [t] "GET / HTTP/1.1" 200 1"#).request.client) == "unix:")
    }

    @Test func `What was escaped is as it was sent`() {
        let request = read(
            #"a.test 1.2.3.4 - - [t] "GET /\x22\xC3\xA9\x5c x HTTP/1.1" 200 1 "http://r/" "a \x22b\x22 \"c\"""#
        ).request
        #expect(text(request.target) == "/\"é\\ x")
        #expect(text(request.referer) == "http://r/" && text(request.userAgent) == #"a "b" "c""#)
    }

    @Test func `Berth's JSON is read, with its rule and tier`() {
        let line =
            #"{"time":"t","tier":"front","client":"192.0.2.7","method":"GET","host":"a\u00e9.test","uri":"\/x\u0022\\","#
            + #""protocol":"HTTP/1.1","status":200,"user_agent":"c","rule":"saas","captures":{"host":"zz","l":["}"]},"cause":null}"#
        let (request, fault) = read(line)
        #expect(fault == nil)
        // Beyond ASCII, Berth writes bytes.
        #expect(request.host == Array("a".utf8) + [0xE9] + Array(".test".utf8))
        #expect(text(request.target) == #"/x"\"# && text(request.rule) == "saas" && request.hasRule)
        #expect(text(request.tier) == "front" && text(request.userAgent) == "c")
        #expect(read(#"{"host":"a","method":"GET","uri":"/","rule":null}"#).request.hasRule)
        #expect(!read(#"{ "host" : "a" , "method":"GET","uri":"/"}"#).request.hasRule)
    }

    @Test(
        arguments: [
            ("", LogLineFault.empty), ("{", .badJSON), ("{\"host\":\"a\"", .badJSON),
            ("{\"a\":\"\\u00\"}x", .badJSON),
            (#"{"host":"\u00g0"}"#, .badJSON), (#"{"method":"GET","uri":"/"}"#, .noHost),
            (#"{"method":"GET","host":"a.x","target":"/"}"#, .noURI),
            ("hello", .badClient),
            ("[", .badClient), (#"1.2.3.4 - - "GET / HTTP/1.1""#, .noTime), ("1.2.3.4 - - [t] x", .noRequest),
            (#"1.2.3.4 - - [t] "GET / HTTP/1.1" 200 1"#, .noHost),
            (#"a.test b - - [t] "GET / HTTP/1.1""#, .badClient),
        ]
    )
    func `An invalid line has a reason`(line: String, fault: LogLineFault) {
        #expect(read(line).fault == fault)
    }

    @Test(arguments: [
        #"1.2.3.4 - - [t] "-" 400 0 "-" "-" host=-"#, #"a.test 1.2.3.4 - - [t] "\x16\x03" 400 0"#,
    ])
    func `A line of what was no request has no method`(line: String) {
        let (request, fault) = read(line)
        #expect(fault == nil && request.method.isEmpty)
    }

    @Test func `Any bytes are read without harm, and so is every beginning of a line`() {
        var random = SeededRandom(seed: 7)
        let lines = [
            #"{"host":"a\u00e9","uri":"/\\","captures":{"a":[1,{"b":"c"}]},"rule":null}"#,
            #"a.test 192.0.2.7 - - [t] "GET /\x22 HTTP/1.1" 200 1 "-" "x" host=b rule=c"#,
        ].map { Array($0.utf8) }
        var request = LoggedRequest()
        for line in lines {
            for end in 0...line.count {
                let beginning = Array(line[..<end])
                _ = request.read(beginning.span)
            }
            for _ in 0..<2_000 {
                var bytes = line
                for _ in 0..<3 {
                    bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
                        in: 0...255,
                        using: &random
                    )
                }
                _ = request.read(bytes.span)
                var head = ByteBuffer()
                if request.write(into: &head) {
                    #expect(head.readableBytesView.count { $0 == 0x0A } < 6)
                }
            }
        }
    }
}
