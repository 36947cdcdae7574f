import Bytes
import NIOCore
import Routing

/// Writes the texts of one request into its place.
struct RequestTextWriter {
    private(set) var texts = RequestTexts()
    private var begin = 0
    private var isCut = false

    @inline(__always)
    mutating func write(_ facts: inout ExchangeFacts, into out: inout TextShelf) {
        append(facts.requestID.readableBytesUInt8Span, .id, &out)
        end(.id, &out)
        let fields = facts.logFields.bytes.readableBytesUInt8Span
        append(fields.extracting(facts.logFields.method), .method, &out)
        end(.method, &out)
        append(fields.extracting(facts.logFields.target), .uri, &out)
        end(.uri, &out)
        if let decision = facts.route.decision, decision.isOfOneHost {
            copy(decision, &out)
        } else {
            append(fields.extracting(facts.logFields.host), .host, &out)
            end(.host, &out)
            write(facts.route.decision, into: &out)
        }
        if facts.route.choice != nil, let used = facts.route.usedTarget { append(used, .usedTarget, &out) }
        end(.usedTarget, &out)
        if let pool = facts.route.pool?.settings?.name { append(pool, .pool, &out) }
        end(.pool, &out)
        guard let failure = facts.failure else { return skip(.message, &out) }
        write(failure, into: &out)
    }

    private mutating func write(_ failure: Failure, into out: inout TextShelf) {
        if let detail = failure.detail { append(detail, .detail, &out) }
        end(.detail, &out)
        if failure.message != failure.reason.message { append(failure.message, .message, &out) }
        end(.message, &out)
    }

    /// A decision that many requests get is written once, and copied.
    private mutating func copy(_ decision: CachedDecision, _ out: inout TextShelf) {
        let known = decision.texts
        let start = out.count
        guard out.append(known.bytes.span, limit: known.bytes.count) else {
            // Not enough room for all of it: each gets what there is.
            out.truncate(to: start)
            return writeHost(decision, into: &out)
        }
        texts.append(known.texts, at: start)
        begin = out.count
    }

    /// Host, rule, target and captures of a decision for one host.
    mutating func writeHost(_ decision: CachedDecision, into out: inout TextShelf) {
        let host = decision.host
        append(host.span, .host, &out)
        end(.host, &out)
        write(decision, into: &out)
    }

    private mutating func write(_ decision: CachedDecision?, into out: inout TextShelf) {
        guard let decision else { return skip(.captures, &out) }
        if let rule = decision.decision.rule { append(rule.name, .rule, &out) }
        end(.rule, &out)
        if let forwarding = decision.forwarding { append(forwarding.forward.target, .target, &out) }
        end(.target, &out)
        write(decision.decision.captures, &out)
        end(.captures, &out)
    }

    /// There is nothing of the texts up to this one.
    private mutating func skip(_ last: RequestText, _ out: inout TextShelf) {
        switch last {
        case .captures:
            end(.rule, &out)
            end(.target, &out)
        default: end(.detail, &out)
        }
        end(last, &out)
    }

    private mutating func write(_ captures: Captures, _ out: inout TextShelf) {
        var isFirst = true
        captures.forEachNamed { name, value in
            if !isFirst { append(Self.separator.span, .captures, &out) }
            isFirst = false
            append(name, .captures, &out)
            append(Self.separator.span, .captures, &out)
            append(value, .captures, &out)
        }
    }

    private static let separator: [UInt8] = [0]

    /// As in the access log: `host_01:9000`, `https://api`.
    private mutating func append(_ target: Target, _ text: RequestText, _ out: inout TextShelf) {
        // The description puts an IPv6 address in brackets.
        if target.literal != nil { return append(target.description, text, &out) }
        if target.scheme != .http {
            append(target.scheme.rawValue, text, &out)
            append("://", text, &out)
        }
        append(target.name, text, &out)
        guard let port = target.port else { return }
        append(Self.colon.span, text, &out)
        append(DecimalDigits(UInt64(port)).span, text, &out)
    }

    private static let colon = [ASCII.colon]

    private mutating func append(_ string: String, _ text: RequestText, _ out: inout TextShelf) {
        append(string.utf8.span, text, &out)
    }

    @inline(__always)
    private mutating func append(_ bytes: Span<UInt8>, _ text: RequestText, _ out: inout TextShelf) {
        if !out.append(bytes, limit: text.maxBytes - (out.count - begin)) { isCut = true }
    }

    @inline(__always)
    private mutating func end(_ text: RequestText, _ out: inout TextShelf) {
        texts.end(text, at: out.count, isCut: isCut)
        begin = out.count
        isCut = false
    }
}
