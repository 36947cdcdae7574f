package import NIOCore

/// What a tap has recorded of a request and its response. What is redacted is not in it.
package struct TapContent: Sendable {
    package internal(set) var request = TapMessage()
    package internal(set) var response = TapMessage()
    /// The fields of heads were to be recorded.
    package let hasFields: Bool
    /// Bodies were to be recorded.
    package let hasBodies: Bool
    /// Another protocol followed, of which nothing is recorded.
    package internal(set) var isUpgraded = false

    /// About how many bytes a line with it needs at least.
    package var bytes: Int { request.bytes + response.bytes }
}

/// One of both messages.
package struct TapMessage: Sendable {
    package struct Field: Sendable {
        package let name: Range<Int>
        /// Nil: redacted.
        package let value: Range<Int>?
    }

    /// Holds method, target, and the fields.
    package internal(set) var text: [UInt8] = []
    package internal(set) var method = 0..<0
    package internal(set) var target = 0..<0
    /// In the order of the message.
    package internal(set) var fields: [Field] = []
    /// The beginning of its content, without framing, in whatever coding it has.
    package internal(set) var body = ByteBuffer()
    /// There was more of it.
    package internal(set) var isTruncated = false
    /// Of a response; 0: none has begun.
    package internal(set) var status = 0

    var bytes: Int { text.count + fields.count * 8 + body.readableBytes }
}
