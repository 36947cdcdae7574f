/// What one side of a connection allows the other (RFC 9113 §6.5.2), and how much of a message it takes.
package struct HTTP2Settings: Sendable {
    /// Streams that the peer may have open at a time.
    package var streams: Int
    /// Bytes that the peer may send on one stream before they are consumed.
    package var streamWindow: Int
    /// … and on all streams together.
    package var connectionWindow: Int
    /// The largest list of fields, bytes: the sum of names and values, and 32 for each field (RFC 9113 §6.5.2).
    package var headBytes: Int
    /// The most fields of a list.
    package var fields: Int
    /// The peer is watched for floods: see `AbuseMeter`.
    package var metersAbuse: Bool

    package init(
        streams: Int = 100,
        streamWindow: Int = 65_535,
        connectionWindow: Int = 1 << 20,
        headBytes: Int,
        fields: Int,
        metersAbuse: Bool = true
    ) {
        self.streams = streams
        self.streamWindow = streamWindow
        self.connectionWindow = connectionWindow
        self.headBytes = headBytes
        self.fields = fields
        self.metersAbuse = metersAbuse
    }
}
