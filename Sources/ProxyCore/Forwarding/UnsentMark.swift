import Bytes
import HTTP1
import NIOCore

/// The field `X-Berth-Unsent`: a tier tells another one that a request was sent to no container, so that it may be sent
/// to another host, whatever its method.
///
/// A tier writes it into its own responses to trusted proxies alone. It is removed from what passes in either direction,
/// and believed only where a pool says that its endpoints are tiers (`trusted_tier`).
enum UnsentMark {
    private static let name = Array(ClaimedField.unsent.utf8)

    static func field(_ reason: Failure.Reason) -> LocalResponse.Field { (name, Array(reason.rawValue.utf8)) }

    static func isIn(_ head: borrowing ResponseHead, _ source: ByteBuffer) -> Bool {
        let bytes = source.readableBytesUInt8Span
        for index in head.fields.indices {
            let field = head.fields[index]
            guard field.id == .other else { continue }
            if bytes.extracting(field.name.indices).equalsIgnoringCase(name.span) { return true }
        }
        return false
    }
}
