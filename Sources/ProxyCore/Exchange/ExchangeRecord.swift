package import NIOCore
package import Routing

/// One request and its answer, as the access log sees it at the end.
///
/// Built on the event loop and handed over at once; the byte slices share the
/// exchange's buffers.
package struct ExchangeRecord {
    package var client: IPAddress
    /// The socket's peer, which behind another proxy is not the client.
    package var peer: IPAddress
    package var method: ByteBuffer
    /// As received; never empty for a request whose head could be read.
    package var target: ByteBuffer
    package var host: ByteBuffer
    package var version: StaticString
    package var referer: ByteBuffer?
    package var userAgent: ByteBuffer?
    package var requestID: ByteBuffer
    package var decision: Decision?
    package var endpoint: Endpoint?
    package var status: Int
    package var failure: Failure?
    /// Body bytes taken from the downstream.
    package var bytesIn: UInt64
    /// Body bytes given to the downstream.
    package var bytesOut: UInt64
    package var start: NIODeadline
    /// When the upstream connection was there; nil when there was none.
    package var connected: NIODeadline?
    /// When the answer's head came.
    package var responded: NIODeadline?
    package var end: NIODeadline
    /// The upstream connection had been used before.
    package var reused: Bool
    /// Sent again after a stale connection closed.
    package var retried: Bool
    package init(
        client: IPAddress,
        peer: IPAddress,
        method: ByteBuffer,
        target: ByteBuffer,
        host: ByteBuffer,
        version: StaticString,
        referer: ByteBuffer?,
        userAgent: ByteBuffer?,
        requestID: ByteBuffer,
        decision: Decision?,
        endpoint: Endpoint?,
        status: Int,
        failure: Failure?,
        bytesIn: UInt64,
        bytesOut: UInt64,
        start: NIODeadline,
        connected: NIODeadline?,
        responded: NIODeadline?,
        end: NIODeadline,
        reused: Bool,
        retried: Bool
    ) {
        self.client = client
        self.peer = peer
        self.method = method
        self.target = target
        self.host = host
        self.version = version
        self.referer = referer
        self.userAgent = userAgent
        self.requestID = requestID
        self.decision = decision
        self.endpoint = endpoint
        self.status = status
        self.failure = failure
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.start = start
        self.connected = connected
        self.responded = responded
        self.end = end
        self.reused = reused
        self.retried = retried
    }

}

/// Takes the records of one event loop. Called on that loop only.
package protocol ExchangeLog: AnyObject {
    func record(_ record: ExchangeRecord)
    /// Called about four times a second and at the end: what was collected moves on.
    func flush()
}
