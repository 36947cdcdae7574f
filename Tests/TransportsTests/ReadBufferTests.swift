import NIOCore
import Testing
import Transports

@Suite struct ReadBufferTests {
    @Test func `Few bytes of a large buffer are copied out of it`() {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(64 << 10)
        buffer.writeString("rest")
        buffer.keep()
        #expect(String(buffer: buffer) == "rest")
        #expect(buffer.storageCapacity < 100)
    }

    @Test func `A buffer that is mostly full is kept as it is`() {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(1024)
        buffer.writeRepeatingByte(1, count: 900)
        let before = buffer.storageCapacity
        buffer.keep()
        #expect(buffer.storageCapacity == before)
    }

    @Test func `An empty buffer holds nothing`() {
        var buffer = ByteBuffer(string: "read")
        buffer.moveReaderIndex(forwardBy: 4)
        buffer.keep()
        #expect(buffer.storageCapacity == 0)
    }

    @Test func `Reads that never end with a message do not make the buffer grow`() {
        var buffer = ByteBuffer(string: "abcd")
        for _ in 0..<10_000 {
            var read = ByteBuffer(string: "efghijklmn")
            buffer.appendRead(&read)
            buffer.moveReaderIndex(forwardBy: 10)
        }
        #expect(buffer.readableBytes == 4)
        #expect(buffer.storageCapacity <= 64)
    }
}
