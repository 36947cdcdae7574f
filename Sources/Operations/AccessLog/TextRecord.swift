import NIOCore
import Proxy
import ProxyCore
import Routing

/// A record like nginx's `combined`, with `key=value` pairs after it.
///
/// A record can be read in one way only: spaces within a part that a space ends are escaped, and so are commas and colons
/// in captures. `-` stands for no value.
enum TextRecord {
    static func write(_ record: ExchangeRecord, at now: LogClock.Moment, into out: LogLine) {
        out.append(record.client)
        out.append(" - - [")
        out.append(plain: now.combined)
        out.append("] \"")
        if record.method.readableBytes == 0 {
            out.append("-")
        } else {
            out.append(escaped: record.method, .field)
            out.append(" ")
            out.append(escaped: record.target, .field)
            out.append(" ")
            out.append(record.version)
        }
        out.append("\" ")
        out.append(number: UInt64(clamping: record.status))
        out.append(" ")
        out.append(number: record.bytesOut)
        appendQuoted(record.referer, to: out)
        appendQuoted(record.userAgent, to: out)
        out.append(" host=")
        appendOrDash(record.host, to: out)
        out.append(" rule=")
        if let rule = record.decision?.ruleName {
            out.append(value: rule.utf8.span, .field)
        } else {
            out.append("-")
        }
        out.append(" captures=")
        appendCaptures(record, to: out)
        out.append(" target=")
        if case .forward(let forward)? = record.decision?.outcome {
            out.append(forward.target)
        } else {
            out.append("-")
        }
        if let used = record.usedTarget {
            out.append(" used_target=")
            out.append(used)
        }
        out.append(" endpoint=")
        if let endpoint = record.endpoint { out.append(endpoint) } else { out.append("-") }
        out.append(" in=")
        out.append(number: record.bytesIn)
        out.append(" time=")
        out.append(seconds: record.end - record.start)
        out.append(" connect=")
        appendSpan(from: record.start, to: record.connected, to: out)
        out.append(" response=")
        appendSpan(from: record.start, to: record.responded, to: out)
        out.append(" id=")
        appendOrDash(record.requestID, to: out)
        if let subject = record.clientSubject {
            out.append(" client_subject=")
            out.append(value: subject.span, .field)
        }
        if record.retried { out.append(" retried=1") }
        out.append(" cause=")
        out.append(record.failure?.reason.rawValue ?? "-")
        if let detail = record.failure?.detail {
            out.append(" detail=")
            out.append(detail)
        }
        out.append("\n")
    }

    private static func appendQuoted(_ text: ByteBuffer?, to out: LogLine) {
        out.append(" \"")
        if let text { out.append(value: text.readableBytesUInt8Span, .text) } else { out.append("-") }
        out.append("\"")
    }

    private static func appendOrDash(_ text: ByteBuffer, to out: LogLine) {
        if text.readableBytes == 0 {
            out.append("-")
        } else {
            out.append(value: text.readableBytesUInt8Span, .field)
        }
    }

    private static func appendCaptures(_ record: ExchangeRecord, to out: LogLine) {
        var first = true
        record.decision?.captures.forEachNamed { name, value in
            if !first { out.append(",") }
            first = false
            out.append(name)
            out.append(":")
            out.append(escaped: value, .part)
        }
        if first { out.append("-") }
    }

    private static func appendSpan(
        from start: NIODeadline,
        to end: NIODeadline?,
        to out: LogLine
    ) {
        if let end { out.append(seconds: end - start) } else { out.append("-") }
    }
}
