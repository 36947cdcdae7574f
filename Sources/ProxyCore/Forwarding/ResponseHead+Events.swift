import Bytes
import HTTP1

extension ResponseHead {
    /// Its body can end anywhere as far as its framing is concerned.
    var canEndAnywhere: Bool {
        switch framing {
        case .chunked, .untilClose: true
        default: false
        }
    }

    /// The body is an event stream that is not compressed (`text/event-stream`).
    ///
    /// - Parameter bytes: what the head was parsed from.
    func isEventStream(_ bytes: Span<UInt8>) -> Bool {
        guard status == 200, first(.contentEncoding) == nil, let field = first(.contentType) else {
            return false
        }
        let value = bytes.extracting(field.value.indices)
        let name = Self.eventStream.span
        guard value.count >= name.count, value.extracting(first: name.count).equalsIgnoringCase(name) else {
            return false
        }
        return value.count == name.count || !ASCII.isToken(value[name.count])
    }

    private static let eventStream = Array("text/event-stream".utf8)
}
