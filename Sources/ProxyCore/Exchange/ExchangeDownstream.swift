package import HTTP1
package import NIOCore

/// Who brought a request and receives its response: an HTTP/1 connection, later an HTTP/2 stream.
///
/// Used on its event loop alone. Message heads are `RequestHead` and `ResponseHead`, byte ranges into a buffer,
/// whatever protocol they arrived in.
package protocol ExchangeDownstream: AnyObject {
    var connection: ConnectionInfo { get }
    /// As in the access log: `HTTP/1.1`.
    var protocolName: StaticString { get }
    /// The body's bytes that have been received, without their framing.
    var requestBodyBytes: UInt64 { get }
    /// Bytes of a response have a place to go: this is the back-pressure.
    var acceptsResponse: Bool { get }
    /// It has closed its half, and has taken all of the response that there is: whether anybody still reads is not
    /// known.
    var isHalfClosed: Bool { get }
    /// The request's body is not read at the moment, because it has no place to go.
    var isRequestPaused: Bool { get }

    /// The request is of no use without the protocol that it wants: a response that looks like success must be one.
    var requiresUpgrade: Bool { get }

    /// Appends the whole body to `out` where it is small and has arrived already.
    ///
    /// - Returns: whether it was; else `out` is unchanged.
    func takeSmallBody(into out: inout ByteBuffer) throws(Failure) -> Bool
    /// The request's body has a place to go again.
    func resumeRequest()

    /// Sends an interim response on (1xx, RFC 9110 §15.2).
    func sendInterim(_ head: borrowing ResponseHead, _ source: ByteBuffer)
    /// Sends the response's head on. It may be held back until more is there to send.
    ///
    /// - Parameter changes: of the rule; nil: none.
    /// - Returns: in which form the body has to come.
    func sendHead(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        changes: ResponseChanges?
    ) -> BodyForm
    /// Takes back a head of which nothing has been sent.
    ///
    /// - Returns: false when it is too late for that.
    func rollBackHead() -> Bool
    /// Sends a part of the body on, in the form that `sendHead` returned. It may be held back until `sendCollected`.
    func sendBody(_ source: ByteBuffer, _ range: ByteRange)
    /// All that one read of the upstream brought has been passed on.
    func sendCollected()
    /// Sends a field line that follows a body in the form `content`, with its line end (RFC 9110 §6.5). `sendEnd` comes
    /// after them.
    func sendTrailer(_ source: ByteBuffer, _ line: ByteRange)
    /// The response is complete.
    func sendEnd()
    /// Sends a response of Berth's own.
    ///
    /// - Parameter closes: no further request may follow on this connection.
    /// - Returns: how many bytes its body has.
    func sendLocal(_ response: LocalResponse, closes: Bool) -> Int
    func flushResponse()

    /// Another protocol follows in both directions, after 101.
    ///
    /// - Returns: the transport, and what has arrived on it after the request.
    func releaseTransport() -> TunnelEnd?
    /// The tunnel has ended. Its transport belongs to the downstream again, if it is still open.
    ///
    /// - Parameter inputEnded: the client has closed its half.
    func tunnelEnded(inputEnded: Bool)

    /// The exchange is over, and has been recorded.
    ///
    /// - Parameter requestComplete: whether all of the request has arrived.
    func exchangeEnded(requestComplete: Bool)
    /// The response cannot be completed: the client has to see it break off.
    ///
    /// - Parameter resets: what has been sent of it must not look whole to any client.
    func abort(resets: Bool)
}

extension ExchangeDownstream {
    package var requiresUpgrade: Bool { false }
}

/// In which form a body comes from an upstream.
package enum BodyForm {
    /// As HTTP/1 framed it: where both sides speak HTTP/1 it passes uncut.
    case framed
    /// The content alone.
    case content
}
