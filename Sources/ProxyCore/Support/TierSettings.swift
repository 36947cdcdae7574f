package import HTTP1
package import NIOCore
package import Routing
package import Settings

extension Limits {
    /// What heads may cost.
    ///
    /// - Parameter trusted: of a trusted proxy: it may be a tier that has the same limits, and has added to the head.
    package func head(trusted: Bool) -> HeadLimits { trusted ? head.forNextTier : head }

    package var head: HeadLimits {
        HeadLimits(headBytes: headBytes, fields: fields, targetBytes: targetBytes)
    }
}

/// Sizes inside of the data path that nobody needs to set.
package enum DataPathConstants {
    /// Bytes of a request that are held while its upstream is not ready for them, and of
    /// pipelined requests that wait for their turn. Reading stops there.
    package static let heldBytes = 64 << 10
    /// Answers up to this size are copied behind their head and written in one call.
    package static let coalescedBytes = 16 << 10
    /// What may be outstanding to a slow reader, bytes, before its source is no longer read.
    package static let writeHighWatermark = 256 << 10
    package static let writeLowWatermark = 64 << 10
    /// … and in how many pieces. Each costs some hundred bytes beyond its own.
    package static let waitingPieces = 512
    /// A piece up to this size, bytes, is copied out of a larger buffer before it may have to wait.
    package static let smallPieceBytes = 1 << 10
    /// A request of more bytes may still be in the kernel's buffer when all of it is written: there it is watched.
    package static let watchedRequestBytes: UInt64 = 64 << 10
    /// The largest single read, bytes.
    package static let readBytes = 256 << 10
    /// What is read and thrown away of a body nobody wants any more, bytes, for a next request
    /// behind it. Beyond, the connection closes.
    package static let discardBytes = 1 << 20
    /// How long a connection that closes goes on reading while nothing comes, so that the answer
    /// is not lost to a reset (RFC 9112 §9.6).
    package static let lingerTime = TimeAmount.seconds(5)
    /// … and while something comes. What comes is thrown away: time is its only bound.
    package static let lingerMost = TimeAmount.seconds(30)
    /// Hosts whose decision a loop remembers (a power of two).
    package static let rememberedHosts = 4096
    /// The longest raw host that is remembered, bytes.
    package static let rememberedHostBytes = 256
    /// Requests of one loop that wait for names at one time, and names they wait for.
    package static let nameWaiters = 8192
    /// Targets whose endpoints a loop keeps.
    package static let targets = 1 << 17
    /// How long a loop accepts nothing when there is no descriptor for it. What has connected waits in the kernel.
    package static let acceptPause = TimeAmount.milliseconds(100)
    /// How often a loop walks its deadlines.
    package static let tick = TimeAmount.milliseconds(250)
    /// The longest request id that is kept, bytes.
    package static let requestIDBytes = 128
    /// Interim (1xx) answers passed on for one request.
    package static let interimAnswers = 32
}

/// What one tier is: everything its event loops share that never changes.
package struct TierSettings: Sendable {
    /// `front` or `local`: how the tier signs its answers.
    package var name: String
    /// Made anew by each start; signs `Via`, so that a loop is seen.
    package var instance: String
    /// In the unit of event loops: converted once, not for each request.
    package var timeouts = Timeouts(Timeouts(), TimeAmount.init)
    package var limits = Limits()
    /// Peers whose `X-Forwarded-*` fields are believed and appended to.
    package var trustedProxies: [CIDR] = []

    package init(name: String, instance: String) {
        self.name = name
        self.instance = instance
    }

    /// The pseudonym in `Via` and `Proxy-Status` (RFC 9110 §7.6.3, RFC 9209 §2).
    package var signature: String { "berth-\(name)" }
}
