import NIOCore
import ProxyCore

/// What the sockets of both sides are set to.
enum ChannelTuning {
    /// What a connection needs from its beginning, without a future for each option as the bootstraps have it. On the
    /// channel's loop.
    static func begin(_ channel: any Channel) throws {
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
    }

    /// What only large bodies need: set when the first one passes, because each option costs a new connection about
    /// as much as parsing its request. On the channel's loop.
    static func useLargeBuffers(_ channel: any Channel) {
        guard let options = channel.syncOptions else { return }
        // A channel that has just been closed takes no options, and needs none.
        try? options.setOption(.writeBufferWaterMark, value: watermark)
        try? options.setOption(.recvAllocator, value: receive)
    }

    /// A read of this many bytes shows that a large body passes.
    static let largeRead = 16 << 10

    private static let watermark = ChannelOptions.Types.WriteBufferWaterMark(
        low: DataPathConstants.writeLowWatermark,
        high: DataPathConstants.writeHighWatermark
    )
    /// Small at first: most requests and responses are; bodies make it grow.
    private static let receive = AdaptiveRecvByteBufferAllocator(
        minimum: 1024,
        initial: 2048,
        maximum: DataPathConstants.readBytes
    )
}
