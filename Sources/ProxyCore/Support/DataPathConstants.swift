package import NIOCore

/// Sizes of the data path that no deployment needs to change.
package enum DataPathConstants {
    /// Bytes of a request that are held while its upstream is not ready for them, and of pipelined requests that
    /// wait for their turn. At this size the connection is not read.
    package static let heldBytes = 64 << 10
    /// Bytes up to which a response is copied after its head and written in one call.
    package static let coalescedBytes = 16 << 10
    /// Bytes up to which pieces of a body, between which something was left out, are sent as one.
    package static let smallPieceBytes = 1 << 10
    /// A request of more bytes may still be in the kernel's buffer when all of it is written: its progress is
    /// observed there.
    package static let watchedRequestBytes: UInt64 = 64 << 10
    /// Bytes of a request body that may still follow when its response begins, if the connection is to live on: they
    /// are read and discarded. Where more may follow, the response says that the connection closes.
    package static let discardBytes: UInt64 = 64 << 10
    /// How long a closing connection is read while no bytes arrive, so that a reset does not destroy the response
    /// (RFC 9112 §9.6).
    package static let lingerTime = TimeAmount.seconds(5)
    /// … and while bytes arrive. They are discarded: time is their only limit.
    package static let lingerMost = TimeAmount.seconds(30)
    /// How long the sides of a WebSocket that Berth ends may take for their close frames, and an event stream for the end
    /// of an event.
    package static let closeTime = TimeAmount.seconds(2)
    /// Hosts whose decision a loop caches (a power of two).
    package static let rememberedHosts = 4096
    /// The longest raw host that is cached, bytes.
    package static let rememberedHostBytes = 256
    /// Requests of one loop that wait for names at one time, and names that they wait for.
    package static let nameWaiters = 8192
    /// Requests of one loop that wait for targets that are paused.
    package static let heldRequests = 1024
    /// Requests of one loop that wait for places at their targets.
    package static let placeWaiters = 8192
    /// Targets whose endpoints a loop keeps.
    package static let targets = 1 << 17
    /// Targets that are split whose turns a loop keeps.
    package static let splits = 4096
    /// How long a loop does not accept connections when the process is out of descriptors. New connections wait in
    /// the kernel.
    package static let acceptPause = TimeAmount.milliseconds(100)
    /// How often a loop checks its deadlines.
    package static let tick = TimeAmount.milliseconds(250)
    /// How long an error page may take that comes from a target.
    package static let pageTime = TimeAmount.seconds(5)
    /// The longest request id that is kept, bytes.
    package static let requestIDBytes = 128
    /// Bytes of a request that are held while the peer may refuse its stream, so that it can be sent again.
    package static let refusableBytes = 64 << 10
    /// How often a request that was on a connection which its endpoint ends is sent again to the same endpoint.
    package static let goneAway = 32
    /// … and one whose stream was refused for another reason.
    package static let refusedStreams = 4
    /// Streams that are open on one connection to an endpoint, where the endpoint allows as many.
    package static let upstreamStreams = 100
    /// Bytes that an endpoint may send on one stream before the downstream accepts them.
    package static let upstreamStreamWindow = 256 << 10
    /// … and that are under way on one connection to it.
    package static let upstreamConnectionWindow = 4 << 20
    /// A connection on which requests wait, and nothing has come for so long, is checked by a PING.
    package static let pingAfter = TimeAmount.seconds(10)
    /// How long the peer may take to acknowledge it.
    package static let pingTime = TimeAmount.seconds(5)
    /// A client's connection on which requests run, nothing waits to be sent, and nothing has come for so long, is checked
    /// in the same way: calls of gRPC may be silent, and a client whose machine is gone does not say so.
    package static let clientPingAfter = TimeAmount.seconds(30)
    /// How long the client may take to acknowledge it.
    package static let clientPingTime = TimeAmount.seconds(15)
    /// After this time a connection that requests share takes no further request, so that new connections are spread
    /// over what has come behind an address since.
    package static let connectionAge = TimeAmount.minutes(10)
    /// … and after so much more, by chance, so that they do not all end at once.
    package static let connectionAgeSpread = TimeAmount.minutes(2)
    /// Requests of one loop that wait for a connection to one endpoint which they can share.
    package static let streamWaiters = 8192
    /// How often an endpoint is picked for one attempt, where others are faster to take its last place.
    package static let pickAttempts = 8
    /// Interim (1xx) responses that pass on for one request.
    package static let interimAnswers = 32
}
