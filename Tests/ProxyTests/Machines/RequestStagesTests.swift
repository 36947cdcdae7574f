import HTTP1
import HashTreeCollections
import NIOCore
import Names
import Routing
import Settings
import Testing

@testable import ProxyCore

/// Where a request ends, and why.
private struct Ending: Equatable {
    var stage: RequestStage
    var cause: Failure.Reason?
}

@Suite struct RequestStagesTests {
    private static var rules: [RuleDefinition] {
        let gone = RuleDefinition(name: "gone", host: "gone.test", action: .respond(status: 410))
        var narrow = RuleDefinition(name: "narrow", host: "narrow.test", action: .forward(to: "one"))
        narrow.endpointNetworks = [CIDR("10.9.0.0/16")].compactMap(\.self)
        return [gone, narrow, StagesBench.byName]
    }

    private static func run(_ request: String, keeps: Bool, traced: Bool) throws -> (Ending, RequestRoute) {
        let bench = try StagesBench(rules, names: ["one": [StagesBench.address(1)]], keeps: keeps) {
            $0.limits.bodyBytes = 100
        }
        var ending = Ending(stage: .admit, cause: nil)
        var route = RequestRoute()
        // The second request finds what the first one left in the cache.
        for _ in 0..<2 {
            route.reset()
            var trace: RouteTrace? = traced ? RouteTrace() : nil
            do throws(Failure) {
                try bench.route(request, into: &route, trace: &trace)
                if route.decision?.forwarding != nil {
                    #expect(try bench.stages.resolve(&route) == nil)
                    _ = try bench.stages.pick(&route)
                }
                ending.cause = nil
            } catch {
                ending.cause = error.reason
            }
            ending.stage = route.stage
        }
        return (ending, route)
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.1\r\nHost: one.test\r\nVia: 1.1 berth-front-bench\r\n", .admit, .loopDetected),
            ("TRACE / HTTP/1.1\r\nHost: one.test\r\n", .admit, .methodNotAllowed),
            ("OPTIONS / HTTP/1.1\r\nHost: one.test\r\nMax-Forwards: 0\r\n", .admit, nil),
            ("OPTIONS / HTTP/1.1\r\nHost: one.test\r\nMax-Forwards: 1\r\n", .pick, nil),
            ("GET / HTTP/1.1\r\nHost: one.test\r\nMax-Forwards: 0\r\n", .pick, nil),
            ("TRACE / HTTP/1.1\r\nHost: one.test\r\nMax-Forwards: 0\r\n", .admit, .methodNotAllowed),
            ("GET / HTTP/1.1\r\nHost: a..test\r\n", .decide, .malformedRequest),
            ("GET / HTTP/1.1\r\nHost: one.example\r\n", .decide, .noRule),
            ("GET / HTTP/1.1\r\nHost: gone.test\r\n", .limits, nil),
            ("POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 101\r\n", .limits, .bodyTooLarge),
            ("GET / HTTP/1.1\r\nHost: two.test\r\n", .resolve, .unknownTarget),
            ("GET / HTTP/1.1\r\nHost: narrow.test\r\n", .resolve, .prohibitedAddress),
            ("POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 100\r\n", .pick, nil),
        ] as [(String, RequestStage, Failure.Reason?)]
    )
    func `Each refusal has its stage, with and without memory, with and without a trace`(
        request: String,
        stage: RequestStage,
        cause: Failure.Reason?
    ) throws {
        for (keeps, traced) in [(true, false), (true, true), (false, false), (false, true)] {
            let (ending, route) = try Self.run(request + "\r\n", keeps: keeps, traced: traced)
            #expect(ending == Ending(stage: stage, cause: cause))
            // The log names the rule and what was decided also where a later stage refuses.
            #expect(
                (route.decision == nil) == (stage == .admit && cause != nil || cause == .malformedRequest)
            )
        }
    }

    @Test func `The stages stand in their order`() {
        #expect(
            RequestStage.allCases == [
                .admit, .decide, .access, .limits, .inspection, .resolve, .pick, .connect,
            ]
        )
    }

    @Test func `A cached decision needs neither the client's address nor a host name`() throws {
        let bench = try StagesBench(names: ["one": [StagesBench.address(1)]])
        #expect(try bench.resolved("one.test").host?.text == "one.test")
        let second = try bench.resolved("one.test")
        #expect(second.host == nil && second.client == nil && second.decision != nil)
        let afresh = try StagesBench(names: ["one": [StagesBench.address(1)]], keeps: false)
        for _ in 0..<2 {
            let route = try afresh.resolved("one.test")
            #expect(route.host?.text == "one.test" && route.client != nil)
        }
    }

    @Test
    func `A name that is not known yet is waited for, and its endpoints are kept until names change`() throws
    {
        let bench = try StagesBench(canWait: true)
        let cold = NameTable(layers: [NameLayer(source: "dns", content: .answers([:]))])
        bench.stages.install(names: NameTableUpdate(table: cold, changed: nil))
        var route = RequestRoute()
        var untraced: RouteTrace?
        let request = "GET / HTTP/1.1\r\nHost: one.test\r\n\r\n"
        try bench.route(request, into: &route, trace: &untraced)
        #expect(try bench.stages.resolve(&route) == "one")
        #expect(route.pool == nil && route.stage == .resolve)
        let known = ResolvedName(source: "dns", addresses: [StagesBench.address(7)], use: nil)
        try bench.stages.resolve(&route, with: .known(known))
        #expect(try bench.stages.pick(&route).lastByte == 7)
        // Known by now, without another wait.
        #expect(try bench.pick("one.test") == 7)

        // The answer has gone: who picks again meanwhile gets an error, who comes next waits.
        bench.stages.install(names: NameTableUpdate(table: cold, changed: ["one"]))
        #expect(throws: Failure(.nameError)) { try bench.stages.pick(&route) }
        try bench.route(request, into: &route, trace: &untraced)
        #expect(try bench.stages.resolve(&route) == "one")
        #expect(throws: Failure(.unknownTarget)) { try bench.stages.resolve(&route, with: .unknown) }
    }

    @Test func `Without a resolver a name that is not known is a name error`() throws {
        let bench = try StagesBench(canWait: false)
        let cold = NameTable(layers: [NameLayer(source: "dns", content: .answers([:]))])
        bench.stages.install(names: NameTableUpdate(table: cold, changed: nil))
        #expect(throws: Failure(.nameError)) { try bench.pick("one.test") }
    }
}

@Suite struct ClientAddressTests {
    private static let trusted = ["10.0.0.0/8", "::1/128"].compactMap { CIDR($0) }

    private static func client(_ fields: String, peer: String = "10.0.0.1") throws -> String {
        let source = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a.test\r\n\(fields)\r\n")
        var head = RequestHead()
        var scanned = 0
        _ = try head.parse(source.readableBytesUInt8Span, scanned: &scanned, limits: .default)
        let peer = try #require(IPAddress(peer))
        let connection = ConnectionInfo(peer: peer, localPort: 80, trustedProxies: trusted)
        return ClientAddress.of(head, source, from: connection, trustedProxies: trusted).description
    }

    @Test(
        arguments: [
            ("", "10.0.0.1"),
            ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
            ("X-Forwarded-For: 192.0.2.6, 192.0.2.7 ,\t10.0.0.2\r\n", "192.0.2.7"),
            ("X-Forwarded-For: 192.0.2.6\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
            ("X-Forwarded-For: 192.0.2.6\r\nX-Forwarded-For: 10.0.0.3\r\n", "192.0.2.6"),
            ("X-Forwarded-For: 10.0.0.4, 10.0.0.3\r\n", "10.0.0.4"),
            ("X-Forwarded-For: 2001:db8::7, ::1\r\n", "2001:db8::7"),
            // An address may have a port (RFC 7239 §6).
            ("X-Forwarded-For: 192.0.2.6:80\r\n", "192.0.2.6"),
            ("X-Forwarded-For: 192.0.2.6:_a1, 10.0.0.3:65535\r\n", "192.0.2.6"),
            ("X-Forwarded-For: [2001:db8::7]:443, [::1]\r\n", "2001:db8::7"),
            ("X-Forwarded-For: ::ffff:192.0.2.6\r\n", "192.0.2.6"),
            // What is not an address is nobody: not the proxy, and not what precedes it.
            ("X-Forwarded-For: 192.0.2.6, unknown, 10.0.0.3\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 10.0.0.9, _hidden\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 192.0.2.6,, 10.0.0.3\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 10.0.0.9,\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 10.0.0.9:\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 10.0.0.9:123456\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 10.0.0.9:80:80\r\n", "0.0.0.0"),
            ("X-Forwarded-For: [10.0.0.9]:80\r\n", "0.0.0.0"),
            ("X-Forwarded-For: [::1\r\n", "0.0.0.0"),
            ("X-Forwarded-For: [::1]x\r\n", "0.0.0.0"),
            ("X-Forwarded-For: fe80::1%eth0\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 192.0 .2.6\r\n", "0.0.0.0"),
            ("X-Forwarded-For: 10.9\r\n", "0.0.0.0"),
            ("X-Forwarded-For: \"10.0.0.9\"\r\n", "0.0.0.0"),
            ("X-Forwarded-For: unix:\r\n", "0.0.0.0"),
            ("X-Forwarded-For:\r\n", "0.0.0.0"),
            // `Forwarded` counts where there is no other.
            ("Forwarded: for=192.0.2.7;proto=https\r\n", "192.0.2.7"),
            ("Forwarded: For=\"192.0.2.6:80\" , for=\"[::1]:443\";by=_x\r\n", "192.0.2.6"),
            ("Forwarded: for=\"[2001:db8::7]\"\r\nForwarded: for=10.0.0.2\r\n", "2001:db8::7"),
            ("Forwarded: for=10.0.0.9, for=unknown\r\n", "0.0.0.0"),
            ("Forwarded: for=10.0.0.9, proto=https\r\n", "0.0.0.0"),
            ("Forwarded: for=10.0.0.9,\r\n", "0.0.0.0"),
            ("Forwarded: for=10.0.0.9;for=10.0.0.8\r\n", "0.0.0.0"),
            ("Forwarded: for=\"10.0.0.9\r\n", "0.0.0.0"),
            ("Forwarded: for=10.0.0.9 x\r\n", "0.0.0.0"),
            ("Forwarded:\r\n", "0.0.0.0"),
            ("Forwarded: for=10.0.0.9\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
        ]
    )
    func `The last address that is not a trusted proxy`(fields: String, client: String) throws {
        #expect(try Self.client(fields) == client)
        #expect(try Self.client(fields, peer: "192.0.2.1") == "192.0.2.1")
    }
}
