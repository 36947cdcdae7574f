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

    /// Copies what is left of a read out of the memory that all reads of the loop use, and that is much larger.
    package mutating func keep() {
        guard readableBytes > 0 else {
            if storageCapacity > 0 { self = ByteBuffer() }
            return
        }
        guard storageCapacity > 2 &* readableBytes else { return }
        var own = ByteBuffer()
        own.reserveCapacity(readableBytes)
        own.writeImmutableBuffer(self)
        self = own
    }
}
