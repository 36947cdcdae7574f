public import NIOCore
public import Routing

/// One request and its answer, as the access log sees it at the end.
///
/// Built on the event loop and handed over at once; the byte slices share the
/// exchange's buffers.
public struct ExchangeRecord {
    public var client: IPAddress
    /// The socket's peer, which behind another proxy is not the client.
    public var peer: IPAddress
    public var method: ByteBuffer
    /// As received; never empty for a request whose head could be read.
    public var target: ByteBuffer
    public var host: ByteBuffer
    public var version: StaticString
    public var referer: ByteBuffer?
    public var userAgent: ByteBuffer?
    public var requestID: ByteBuffer
    public var decision: Decision?
    public var endpoint: Endpoint?
    public var status: Int
    public var failure: Failure?
    /// Body bytes taken from the downstream.
    public var bytesIn: UInt64
    /// Body bytes given to the downstream.
    public var bytesOut: UInt64
    public var start: NIODeadline
    /// When the upstream connection was there; nil when there was none.
    public var connected: NIODeadline?
    /// When the answer's head came.
    public var answered: NIODeadline?
    public var end: NIODeadline
    /// The upstream connection had been used before.
    public var reused: Bool
    /// Sent again after a stale connection closed.
    public var retried: Bool
}

/// Takes the records of one event loop. Called on that loop only.
public protocol ExchangeLog: AnyObject {
    func record(_ record: ExchangeRecord)
    /// Called about four times a second and at the end: what was collected moves on.
    func flush()
}
