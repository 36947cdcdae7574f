import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Routing
import Settings
import Testing

@testable import ProxyCore

/// Keeps what it is given.
private final class KeptTraces: TraceSink {
    let requests = NIOLockedValueBox<[TracedRequest]>([])

    func add(_ requests: [TracedRequest], to endpoint: String) {
        self.requests.withLockedValue { $0 += requests }
    }

    func end() async {}
}

@Suite struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(arguments: [
        ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", true), ("00-\(trace)-\(span)-ff", true),
        ("cc-\(trace)-\(span)-01-what.the.future", true), ("cc-\(trace)-\(span)-01", true),
        ("ff-\(trace)-\(span)-01", false), ("00-\(trace)-\(span)-01-x", false),
        ("00-\(trace)-\(span)-1", false),
        ("cc-\(trace)-\(span)-01x", false), ("00-\(trace.uppercased())-\(span)-01", false),
        ("00-00000000000000000000000000000000-\(span)-01", false), ("00-\(trace)-0000000000000000-01", false),
        ("", false), ("00", false), ("00_\(trace)-\(span)-01", false), ("00-\(trace)-\(span)-0g", false),
        ("0x-\(trace)-\(span)-01", false),
    ])
    func `A traceparent is read as the specification says`(text: String, isValid: Bool) {
        let parent = TraceParent(Array(text.utf8).span)
        #expect((parent != nil) == isValid)
        guard let parent else { return }
        #expect(HexDigits(parent.traceHigh).text + HexDigits(parent.traceLow).text == Self.trace)
        #expect(HexDigits(parent.span).text == Self.span && parent.isSampled == !text.hasSuffix("-00"))
    }

    /// The trace fields that the origin receives, and what was traced.
    private static func sent(
        _ fields: String,
        sample: Double,
        trusted: Bool = false,
        accept: TracingSettings.Acceptance = .trusted,
        tracing: Bool = true,
        edit: (inout RuleDefinition) -> Void = { _ in }
    ) throws -> (lines: [String], traced: [TracedRequest]) {
        var settings = TracingSettings(endpoint: "http://127.0.0.1:4318/v1/traces")
        settings.sample = sample
        settings.accept = accept
        let tier = try EmbeddedTier(
            edit: edit,
            configure: {
                $0.trustedProxies = trusted ? [CIDR("127.0.0.1/32")].compactMap(\.self) : []
                $0.tracing = tracing ? TraceSettings(settings) : nil
            },
            origin: EmbeddedTier.echoHeads
        )
        let sink = KeptTraces()
        tier.trace(to: sink)
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        let lines = try client.takeResponse().body.components(separatedBy: "\r\n").filter {
            $0.lowercased().hasPrefix("trace")
        }
        client.close()
        tier.pass(.seconds(1))
        return (lines, sink.requests.withLockedValue { $0 })
    }

    private static let received = "traceparent: 00-\(trace)-\(span)-01\r\nTraceState: a=1,b=2\r\n"

    @Test func `The trace of a trusted peer is continued`() throws {
        let (lines, traced) = try Self.sent(Self.received, sample: 0, trusted: true)
        #expect(lines.count == 2 && lines[0] == "TraceState: a=1,b=2")
        let one = try #require(traced.first)
        #expect(lines[1] == "traceparent: 00-\(Self.trace)-\(HexDigits(one.trace.attempt).text)-01")
        #expect(HexDigits(one.trace.parent).text == Self.span && one.trace.span != one.trace.attempt)
        #expect(one.request.slot.status == 200 && traced.count == 1)
        let unsampled = Self.received.replacingOccurrences(of: "-01\r", with: "-00\r")
        let second = try Self.sent(unsampled, sample: 1, trusted: true)
        #expect(second.traced.isEmpty && second.lines[1].hasPrefix("traceparent: 00-\(Self.trace)-"))
        #expect(second.lines[1].hasSuffix("-00") && !second.lines[1].contains(Self.span))
    }

    @Test func `For others a trace begins, unless all are accepted`() throws {
        let (lines, traced) = try Self.sent(Self.received, sample: 0)
        #expect(
            lines.count == 1 && traced.isEmpty && lines[0].hasSuffix("-00") && !lines[0].contains(Self.trace)
        )
        let all = try Self.sent(Self.received, sample: 0, accept: .all)
        #expect(all.lines.count == 2 && all.traced.count == 1 && all.lines[1].contains(Self.trace))
        let begun = try Self.sent("", sample: 1)
        #expect(begun.lines.count == 1 && begun.lines[0].hasSuffix("-01"))
        #expect(begun.traced.map(\.trace.parent) == [0])
    }

    @Test(arguments: [
        "traceparent: 00-x\r\ntracestate: a=1\r\n", received + "traceparent: 00-\(trace)-\(span)-01\r\n",
    ])
    func `What is not valid is replaced`(fields: String) throws {
        let (lines, _) = try Self.sent(fields, sample: 1, trusted: true)
        #expect(lines.count == 1 && !lines[0].contains(Self.trace))
    }

    @Test func `Without tracing the fields pass, and a rule has the last word`() throws {
        let (lines, traced) = try Self.sent(Self.received, sample: 1, tracing: false)
        #expect(lines == ["traceparent: 00-\(Self.trace)-\(Self.span)-01", "TraceState: a=1,b=2"])
        #expect(traced.isEmpty)
        let set = try Self.sent("", sample: 1) {
            $0.setHeaders = [HeaderSetting(name: "traceparent", value: "mine")]
        }
        #expect(set.lines == ["traceparent: mine"])
    }

    @Test func `The share of traces that begin is that of the settings`() {
        var random = Random(seed: 3)
        var settings = TracingSettings(endpoint: "http://a/b")
        settings.sample = 0.25
        let some = TraceSettings(settings)
        let count = (0..<4000).count { _ in
            _ = random.next()
            return TraceContext.identifier(&random) & ~(1 << 63) < some.threshold
        }
        #expect((900...1100).contains(count))
    }

    @Test func `Requests are kept for traces only while the rules in force have tracing`() throws {
        var settings = TracingSettings(endpoint: "http://127.0.0.1:4318/v1/traces")
        settings.sample = 1
        let tracing = TraceSettings(settings)
        let tier = try EmbeddedTier(configure: { $0.tracing = tracing }, origin: EmbeddedTier.echoHeads)
        let sink = KeptTraces()
        tier.trace(to: sink)
        func traced() throws -> Int {
            let client = try tier.connect()
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.takeResponse()
            client.close()
            tier.pass(.seconds(1))
            return sink.requests.withLockedValue { $0.count }
        }
        #expect(try traced() == 1 && tier.keepsRequests)
        tier.reload { $0.tracing = nil }
        #expect(try traced() == 1 && !tier.keepsRequests)
        tier.reload { $0.tracing = tracing }
        #expect(try traced() == 2 && tier.keepsRequests)
        // Those for commands stay.
        _ = tier.keepRequests()
        tier.reload { $0.tracing = nil }
        #expect(tier.keepsRequests)
    }
}
