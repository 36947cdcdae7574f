import HTTP1

/// All that an answer's head says, free of where in which buffer it said so.
struct ResponseMeaning: Equatable {
    var status: Int
    var reason: [UInt8]
    var version: HTTPVersion
    var framing: BodyFraming
    var keepAlive: Bool
    var fields: [FieldMeaning]
    var length: Int

    init(_ head: ResponseHead, _ bytes: [UInt8]) {
        status = head.status
        reason = bytes.slice(head.reason)
        version = head.version
        framing = head.framing
        keepAlive = head.keepAlive
        fields = head.fields.map { FieldMeaning($0, bytes) }
        length = head.length
    }

    /// An answer that has no body, whatever its fields say (RFC 9112 §6.3).
    func isBodiless(to method: MethodKind) -> Bool {
        method == .head || status < 200 || status == 204 || status == 304
            || method == .connect && status < 300
    }
}
