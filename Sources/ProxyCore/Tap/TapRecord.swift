import Bytes
import HTTP1
import NIOCore
import Routing

/// Records one exchange while it runs.
///
/// The bytes count in its `Tap` until it is gone. On the loop of its exchange alone.
final class TapRecord {
    private let policy: TapPolicy
    private let tap: Tap
    private var content: TapContent
    private var requestBody: TapBody
    private var responseBody: TapBody
    private var heldBytes = 0

    init(_ policy: TapPolicy, of tap: Tap) {
        self.policy = policy
        self.tap = tap
        content = TapContent(hasFields: policy.heads, hasBodies: policy.bodyBytes > 0)
        requestBody = TapBody(nil)
        responseBody = TapBody(nil)
    }

    deinit { tap.release(heldBytes) }

    // MARK: The request

    /// - Returns: false where there is no room for it.
    func request(_ head: borrowing RequestHead, _ source: ByteBuffer) -> Bool {
        let bytes = source.readableBytesUInt8Span
        var message = TapMessage()
        message.method = Self.append(bytes.extracting(head.methodRange.indices), to: &message.text)
        message.target = append(
            redacted: bytes.extracting(head.targetRange.indices),
            isField: false,
            to: &message.text
        )
        if policy.heads {
            for index in head.fields.indices {
                let field = head.fields[index]
                append(
                    name: bytes.extracting(field.name.indices),
                    value: bytes.extracting(field.value.indices),
                    to: &message
                )
            }
        }
        guard hold(message.bytes) else { return false }
        content.request = message
        requestBody = TapBody(head.framing)
        return true
    }

    /// A part of the body, framed as it arrived.
    ///
    /// - Parameter start: what is before it is none of it.
    func requestBody(_ buffer: ByteBuffer, after start: Int = 0) {
        guard policy.bodyBytes > 0 else { return }
        let bytes = buffer.readableBytesUInt8Span
        append(bytes.extracting(min(start, bytes.count)...), decodedBy: &requestBody, to: &content.request)
    }

    // MARK: The response

    func response(_ head: borrowing ResponseHead, _ source: ByteBuffer, form: BodyForm) {
        let bytes = source.readableBytesUInt8Span
        var message = TapMessage()
        message.status = head.status
        if policy.heads {
            for index in head.fields.indices {
                let field = head.fields[index]
                append(
                    name: bytes.extracting(field.name.indices),
                    value: bytes.extracting(field.value.indices),
                    to: &message
                )
            }
        }
        replaceResponse(with: message)
        content.isUpgraded = head.isUpgrade
        responseBody = TapBody(form == .framed ? head.framing : nil)
    }

    /// A part of the body, in the form of the head.
    func responseBody(_ bytes: Span<UInt8>) {
        guard policy.bodyBytes > 0, !content.isUpgraded else { return }
        append(bytes, decodedBy: &responseBody, to: &content.response)
    }

    /// A response of Berth's own.
    ///
    /// - Parameter hasBody: its body is sent, too.
    func response(_ local: LocalResponse, hasBody: Bool) {
        var message = TapMessage()
        message.status = local.status
        if policy.heads {
            for field in local.fields { append(name: field.name.span, value: field.value.span, to: &message) }
            if let type = local.contentType {
                append(name: Self.contentType.span, value: Array(type.utf8).span, to: &message)
            }
        }
        replaceResponse(with: message)
        responseBody = TapBody(nil)
        if hasBody { responseBody(local.body.span) }
    }

    private static let contentType = Array("Content-Type".utf8)

    /// The response that had begun is discarded, before any client saw it.
    func responseRolledBack() {
        replaceResponse(with: TapMessage())
        responseBody = TapBody(nil)
    }

    private func replaceResponse(with message: TapMessage) {
        release(content.response.bytes)
        if hold(message.bytes) {
            content.response = message
        } else {
            content.response = TapMessage()
            content.response.status = message.status
            content.response.isTruncated = true
        }
    }

    func end(_ record: ExchangeRecord) { tap.end(content, record) }

    // MARK: Bytes

    private func append(
        _ bytes: Span<UInt8>,
        decodedBy body: inout TapBody,
        to message: inout TapMessage
    ) {
        guard !message.isTruncated else { return }
        let (limit, tap) = (policy.bodyBytes, tap)
        var out = message.body
        message.body = ByteBuffer()
        let before = out.readableBytes
        var isCut = false
        body.decode(bytes) { part in
            var count = min(part.count, limit &- out.readableBytes)
            if !tap.hold(count) { count = 0 }
            out.writeBytes(part.extracting(first: count).bytes)
            isCut = count < part.count
            return isCut
        }
        heldBytes &+= out.readableBytes &- before
        (message.body, message.isTruncated) = (out, isCut)
    }

    private func hold(_ bytes: Int) -> Bool {
        guard tap.hold(bytes) else { return false }
        heldBytes &+= bytes
        return true
    }

    private func release(_ bytes: Int) {
        let bytes = min(bytes, heldBytes)
        heldBytes &-= bytes
        tap.release(bytes)
    }

    private func append(name field: Span<UInt8>, value: Span<UInt8>, to message: inout TapMessage) {
        let name = Self.append(field, to: &message.text)
        let range = isRedacted(field) ? nil : append(redacted: value, isField: true, to: &message.text)
        message.fields.append(TapMessage.Field(name: name, value: range))
    }

    private func isRedacted(_ name: Span<UInt8>) -> Bool {
        for redacted in policy.redactedFields where redacted.span.equalsIgnoringCase(name) { return true }
        return false
    }

    /// Without the values of the query's parameters that are redacted.
    private func append(redacted text: Span<UInt8>, isField: Bool, to out: inout [UInt8]) -> Range<Int> {
        let start = out.count
        QueryRedaction.append(text, isField: isField, without: policy.redactedParameters, to: &out)
        return start..<out.count
    }

    private static func append(_ text: Span<UInt8>, to out: inout [UInt8]) -> Range<Int> {
        let start = out.count
        out.append(text)
        return start..<out.count
    }
}
