import NIOCore
import ProxyCore
import Routing

/// The spans of one request in one tier: that of the request, and one for each attempt to send it.
///
/// Attributes are those of the semantic conventions of OpenTelemetry for HTTP, and Berth's own.
struct TraceSpans {
    private typealias Attribute = TraceMessage.Attribute

    private let request: KeptRequest
    private let trace: TraceContext

    static func of(_ traced: TracedRequest, tier: String) -> [TraceMessage.Span] {
        let spans = TraceSpans(request: traced.request, trace: traced.trace)
        return [spans.server(tier)] + spans.clients
    }

    // MARK: The request

    private func server(_ tier: String) -> TraceMessage.Span {
        let slot = request.slot
        var attributes = common
        attributes.append(Attribute("berth.tier", tier))
        attributes.append(Attribute("client.address", slot.client.description))
        attributes.append(Attribute("network.peer.address", slot.peer.description))
        attributes += authority
        if slot.status > 0 { attributes.append(Attribute("http.response.status_code", slot.status)) }
        if let id = request.text(.id) { attributes.append(Attribute("berth.request_id", id)) }
        if let rule = request.text(.rule) { attributes.append(Attribute("berth.rule", rule)) }
        if let target = request.text(.usedTarget) ?? request.text(.target) {
            attributes.append(Attribute("berth.target", target))
        }
        if let endpoint = slot.endpoint {
            attributes.append(Attribute("berth.endpoint", endpoint.description))
        }
        let isError = slot.status >= 500 || slot.reason.map { $0.side != .downstream } == true
        let error = slot.reason?.rawValue ?? (slot.status >= 500 ? "\(slot.status)" : nil)
        if let error { attributes.append(Attribute("error.type", error)) }
        return span(
            trace.span,
            parent: trace.parent,
            kind: TraceMessage.Span.server,
            from: .zero,
            to: slot.end - slot.start,
            attributes,
            error: isError ? slot.reason.map { request.text(.message) ?? $0.message } ?? "" : nil
        )
    }

    // MARK: Attempts

    private var clients: [TraceMessage.Span] {
        let slot = request.slot
        var spans = request.attempts.enumerated().map { index, attempt in
            client(
                attempt.span,
                attempt.endpoint,
                from: attempt.began,
                to: attempt.ended,
                status: attempt.status,
                error: attempt.status > 0 ? "\(attempt.status)" : attempt.reason.rawValue,
                number: index
            )
        }
        guard let endpoint = slot.endpoint, request.hasLastAttempt else { return spans }
        let failure = slot.reason.flatMap { $0.side == .upstream ? $0 : nil }
        let hasResponse = slot.connected != nil && (slot.reason == nil || slot.reason == .responseIncomplete)
        let status = hasResponse ? slot.status : 0
        let began = request.connectBegan ?? slot.connected ?? slot.end
        spans.append(
            client(
                trace.attempt,
                endpoint,
                from: began - slot.start,
                to: slot.end - slot.start,
                status: status,
                error: failure?.rawValue ?? (status >= 400 ? "\(status)" : nil),
                number: spans.count + request.moreAttempts
            )
        )
        return spans
    }

    private func client(
        _ id: UInt64,
        _ endpoint: Endpoint,
        from: TimeAmount,
        to: TimeAmount,
        status: Int,
        error: String?,
        number: Int
    ) -> TraceMessage.Span {
        var attributes = common
        attributes.append(Attribute("server.address", endpoint.address.description))
        attributes.append(Attribute("server.port", Int(endpoint.port)))
        attributes.append(Attribute("berth.endpoint", endpoint.description))
        if status > 0 { attributes.append(Attribute("http.response.status_code", status)) }
        if number > 0 { attributes.append(Attribute("http.request.resend_count", number)) }
        if let error { attributes.append(Attribute("error.type", error)) }
        return span(
            id,
            parent: trace.span,
            kind: TraceMessage.Span.client,
            from: from,
            to: to,
            attributes,
            error: error == nil ? nil : ""
        )
    }

    // MARK: Both

    /// Of the request, for both kinds of spans.
    private var common: [Attribute] {
        var attributes = [
            Attribute("http.request.method", request.text(.method) ?? "_OTHER"),
            Attribute("url.scheme", request.slot.flags.contains(.secure) ? "https" : "http"),
        ]
        if let target = request.text(.uri) {
            let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            attributes.append(Attribute("url.path", String(parts[0])))
        }
        let version = request.protocolName
        attributes.append(
            Attribute(
                "network.protocol.version",
                version.split(separator: "/").last.map(String.init) ?? version
            )
        )
        return attributes
    }

    /// The host that the client named.
    private var authority: [Attribute] {
        guard let text = request.text(.host), !text.hasPrefix("[") else {
            return request.text(.host).map { [Attribute("server.address", $0)] } ?? []
        }
        let parts = text.split(separator: ":", maxSplits: 1)
        var attributes = [Attribute("server.address", parts.first.map(String.init) ?? text)]
        if parts.count == 2, let port = Int(parts[1]) { attributes.append(Attribute("server.port", port)) }
        return attributes
    }

    /// - Parameter error: nil: it is not one; else its message, which may be empty.
    private func span(
        _ id: UInt64,
        parent: UInt64,
        kind: UInt64,
        from: TimeAmount,
        to: TimeAmount,
        _ attributes: [Attribute],
        error: String?
    ) -> TraceMessage.Span {
        let method = request.text(.method) ?? "HTTP"
        let rule = request.text(.rule)
        return TraceMessage.Span(
            trace: trace,
            id: id,
            parent: parent,
            name: kind == TraceMessage.Span.server ? rule.map { "\(method) \($0)" } ?? method : method,
            kind: kind,
            start: request.time + from.nanoseconds,
            end: request.time + max(from, to).nanoseconds,
            attributes: attributes,
            error: error
        )
    }
}
