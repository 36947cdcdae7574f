/// The head of a response: its meaning, and where its parts are in the parsed bytes.
///
/// Keep one for each event loop, as with `RequestHead`. All ranges are offsets into the span given to `parse`.
package struct ResponseHead: Sendable {
    /// 100 to 599.
    package internal(set) var status = 0
    package internal(set) var version: HTTPVersion = .http11
    /// The reason phrase; may be empty.
    package internal(set) var reason = ByteRange.empty
    /// In the order received; never more than `HeadLimits.fields`.
    package internal(set) var fields: [Field] = []
    /// Of the response to a request with the method given to `parse`. RFC 9112 §6.3.
    package internal(set) var framing: BodyFraming = .none
    /// The connection may serve another request after this response. False if it closes, if the body ends by
    /// close, after 101, and if a 204 claims a body. Without meaning in an interim response: the final one decides.
    package internal(set) var keepAlive = false
    /// The line of a field ends with LF alone: to pass the fields on, write each anew from its name and value.
    package internal(set) var hasLooseLines = false
    /// Bytes of the head with its empty line: the offset at which the body begins.
    package internal(set) var length = 0

    package init() {}

    /// 101: the bytes after the head belong to another protocol. The caller checks whether the request had `Upgrade`.
    package var isUpgrade: Bool { status == 101 }
    /// 1xx other than 101: another head follows. RFC 9110 §15.2.
    package var isInterim: Bool { status < 200 && status != 101 }

    /// The first field of that name, if there is one.
    package func first(_ id: FieldID) -> Field? {
        for index in fields.indices where fields[index].id == id { return fields[index] }
        return nil
    }
}
