import NIOCore
import Proxy
import ProxyCore
import Routing

/// One recorded exchange, on its way to the thread that writes it. The keys are documented in docs/tap.md and never change.
struct TapLine: Sendable {
    private let content: TapContent
    private let moment: LogClock.Moment
    private let tier: String
    private let client: IPAddress
    private let requestID: ByteBuffer
    private let version: StaticString
    private let host: ByteBuffer
    private let rule: String?
    private let endpoint: Endpoint?
    private let status: Int
    private let cause: String?
    private let detail: String?
    private let isError: Bool
    private let duration: TimeAmount
    private let bytesIn: UInt64
    private let bytesOut: UInt64

    init(_ record: ExchangeRecord, _ content: TapContent, tier: String, at moment: LogClock.Moment) {
        self.content = content
        self.moment = moment
        self.tier = tier
        client = record.client
        requestID = record.requestID
        version = record.version
        host = record.host
        rule = record.decision?.ruleName
        endpoint = record.endpoint
        status = record.status
        cause = record.failure?.reason.rawValue
        detail = record.failure?.detail
        isError = record.isError
        duration = record.end - record.start
        bytesIn = record.bytesIn
        bytesOut = record.bytesOut
    }

    /// About how many the line needs.
    var bytes: Int { content.bytes + Self.otherBytes }

    /// Of a line, beside heads and bodies.
    private static let otherBytes = 1024

    func text() -> LogLine {
        let out = LogLine(capacity: bytes * 5 / 4)
        out.append("{\"time\":\"")
        out.append(plain: moment.iso)
        out.append(".")
        out.append(number: UInt64(moment.milliseconds), digits: 3)
        out.append("Z\"")
        append(",\"tier\":", tier, out)
        append(",\"request_id\":", requestID.readableBytesUInt8Span, out)
        out.append(",\"client\":\"")
        out.append(client)
        out.append("\"")
        append(",\"host\":", host.readableBytesUInt8Span, out)
        append(",\"rule\":", rule, out)
        if let endpoint {
            out.append(",\"endpoint\":\"")
            out.append(endpoint)
            out.append("\"")
        } else {
            out.append(",\"endpoint\":null")
        }
        out.append(",\"status\":")
        out.append(number: UInt64(clamping: status))
        out.append(",\"duration\":")
        out.append(seconds: duration)
        append(",\"cause\":", cause, out)
        if let detail { append(",\"detail\":", detail, out) }
        out.append(isError ? ",\"error\":true" : ",\"error\":false")
        out.append(content.isUpgraded ? ",\"upgraded\":true" : ",\"upgraded\":false")
        writeRequest(out)
        writeResponse(out)
        out.append("}\n")
        return out
    }

    private func writeRequest(_ out: LogLine) {
        let request = content.request
        append(",\"request\":{\"method\":", request.text.span.extracting(request.method), out)
        append(",\"uri\":", request.text.span.extracting(request.target), out)
        out.append(",\"protocol\":\"")
        out.append(version)
        out.append("\"")
        finish(request, bytesIn, out)
    }

    private func writeResponse(_ out: LogLine) {
        let response = content.response
        guard response.status > 0 else { return out.append(",\"response\":null") }
        out.append(",\"response\":{\"status\":")
        out.append(number: UInt64(clamping: response.status))
        finish(response, bytesOut, out)
    }

    /// What both messages have.
    private func finish(_ message: TapMessage, _ bodyBytes: UInt64, _ out: LogLine) {
        if content.hasFields {
            out.append(",\"fields\":[")
            for (index, field) in message.fields.enumerated() {
                out.append(index == 0 ? "[\"" : ",[\"")
                out.append(escaped: message.text.span.extracting(field.name), .json)
                out.append("\",\"")
                if let value = field.value {
                    out.append(escaped: message.text.span.extracting(value), .json)
                } else {
                    out.append("[redacted]")
                }
                out.append("\"]")
            }
            out.append("]")
        }
        out.append(",\"body_bytes\":")
        out.append(number: bodyBytes)
        if content.hasBodies {
            let body = message.body.readableBytesUInt8Span
            if let text = BodyText(body, isCut: message.isTruncated) {
                out.append(",\"body\":\"")
                text.write(to: out)
            } else {
                out.append(",\"body_base64\":\"")
                Base64.append(body, to: out)
            }
            out.append("\"")
        }
        out.append(message.isTruncated ? ",\"truncated\":true}" : ",\"truncated\":false}")
    }

    private func append(_ key: StaticString, _ value: Span<UInt8>, _ out: LogLine) {
        out.append(key)
        out.append("\"")
        out.append(escaped: value, .json)
        out.append("\"")
    }

    private func append(_ key: StaticString, _ value: String?, _ out: LogLine) {
        out.append(key)
        guard let value else { return out.append("null") }
        out.append("\"")
        out.append(escaped: value, .json)
        out.append("\"")
    }
}
