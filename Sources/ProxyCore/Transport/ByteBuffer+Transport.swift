package import NIOCore

extension ByteBuffer {
    /// Appends a read to what is left of earlier ones. The space of consumed bytes is used again: a peer whose reads
    /// never end with a message must not make the buffer grow without end.
    package mutating func appendRead(_ bytes: inout ByteBuffer) {
        guard readableBytes > 0 else {
            self = bytes
            return
        }
        // Only when more is won than is moved: each byte is moved about once.
        if readerIndex >= readableBytes { discardReadBytes() }
        writeBuffer(&bytes)
    }

    /// The same bytes. A few of them are copied out of the large buffer that they were read into, which they would
    /// hold for as long as they wait.
    package func compacted() -> ByteBuffer {
        guard readableBytes <= DataPathConstants.smallPieceBytes, storageCapacity > 2 &* readableBytes else {
            return self
        }
        var small = ByteBuffer()
        small.reserveCapacity(readableBytes)
        small.writeImmutableBuffer(self)
        return small
    }
}
