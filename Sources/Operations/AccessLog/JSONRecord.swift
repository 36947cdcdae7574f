import NIOCore
import Proxy
import ProxyCore
import Routing

/// A record as one JSON object. The keys are documented in docs/access-log.md and never change.
enum JSONRecord {
    static func write(
        _ record: ExchangeRecord,
        tier: String,
        at now: LogClock.Moment,
        into out: LogLine
    ) {
        out.append("{\"time\":\"")
        out.append(plain: now.iso)
        out.append(".")
        out.append(number: UInt64(now.milliseconds), digits: 3)
        out.append("Z\"")
        append(",\"tier\":", tier, out)
        out.append(",\"client\":\"")
        out.append(record.client)
        out.append("\",\"peer\":\"")
        out.append(record.peer)
        out.append("\"")
        if let subject = record.clientSubject {
            out.append(",\"client_subject\":\"")
            out.append(escaped: subject.span, .json)
            out.append("\"")
        }
        append(",\"request_id\":", record.requestID, out)
        if let trace = record.trace {
            out.append(",\"trace_id\":\"")
            out.append(hexadecimal: trace.traceHigh)
            out.append(hexadecimal: trace.traceLow)
            out.append("\"")
        }
        append(",\"method\":", record.method, out)
        append(",\"host\":", record.host, out)
        append(",\"uri\":", record.target, out)
        out.append(",\"protocol\":\"")
        out.append(record.version)
        out.append("\",\"status\":")
        out.append(number: UInt64(clamping: record.status))
        out.append(",\"bytes_in\":")
        out.append(number: record.bytesIn)
        out.append(",\"bytes_out\":")
        out.append(number: record.bytesOut)
        if let referer = record.referer { append(",\"referer\":", referer, out) }
        if let userAgent = record.userAgent { append(",\"user_agent\":", userAgent, out) }
        append(",\"rule\":", record.decision?.ruleName, out)
        out.append(",\"captures\":{")
        var first = true
        record.decision?.captures.forEachNamed { name, value in
            out.append(first ? "\"" : ",\"")
            first = false
            out.append(escaped: name, .json)
            out.append("\":\"")
            out.append(escaped: value, .json)
            out.append("\"")
        }
        out.append("},\"target\":")
        if case .forward(let forward)? = record.decision?.outcome {
            out.append("\"")
            out.append(forward.target)
            out.append("\"")
        } else {
            out.append("null")
        }
        if let used = record.usedTarget {
            out.append(",\"used_target\":\"")
            out.append(used)
            out.append("\"")
        }
        out.append(",\"endpoint\":")
        if let endpoint = record.endpoint {
            out.append("\"")
            out.append(endpoint)
            out.append("\"")
        } else {
            out.append("null")
        }
        appendSpan(",\"duration\":", from: record.start, to: record.end, out)
        appendSpan(",\"connect\":", from: record.start, to: record.connected, out)
        appendSpan(",\"response\":", from: record.start, to: record.responded, out)
        out.append(record.reused ? ",\"reused\":true" : ",\"reused\":false")
        out.append(record.retried ? ",\"retried\":true" : ",\"retried\":false")
        append(",\"cause\":", record.failure?.reason.rawValue, out)
        if let detail = record.failure?.detail { append(",\"detail\":", detail, out) }
        append(",\"side\":", record.failure?.side.rawValue, out)
        out.append("}\n")
    }

    private static func append(_ key: StaticString, _ value: ByteBuffer, _ out: LogLine) {
        out.append(key)
        out.append("\"")
        out.append(escaped: value, .json)
        out.append("\"")
    }

    private static func append(_ key: StaticString, _ value: String?, _ out: LogLine) {
        out.append(key)
        guard let value else { return out.append("null") }
        out.append("\"")
        out.append(escaped: value, .json)
        out.append("\"")
    }

    private static func appendSpan(
        _ key: StaticString,
        from start: NIODeadline,
        to end: NIODeadline?,
        _ out: LogLine
    ) {
        out.append(key)
        if let end { out.append(seconds: end - start) } else { out.append("null") }
    }
}
