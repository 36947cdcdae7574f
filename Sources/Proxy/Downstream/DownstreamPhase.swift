/// What a downstream connection is doing.
enum DownstreamPhase {
    /// Between requests, or a head is arriving.
    case idle
    case exchange
    /// The response has been sent; the rest of the request's body is discarded.
    case discarding
    /// The response has been sent and the output is closed; whatever arrives is discarded.
    case lingering
    /// A tunnel has the transport.
    case tunnel
    case closed
}
