import Foundation
import Glibc
import Testing

@testable import SystemSupport

@Suite struct DescriptorChannelTests {
    private func channels() throws -> (DescriptorChannel, DescriptorChannel) { try DescriptorChannel.pair() }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `A message arrives whole, with copies of its descriptors`() throws {
        let (one, other) = try channels()
        defer {
            one.close()
            other.close()
        }
        let pipe = try ChildProcess.pipe()
        try one.send(Array("sockets".utf8), [pipe.output])
        try one.send(Array("end".utf8))
        close(pipe.output)
        let first = try #require(try other.receive(within: .seconds(5)))
        #expect(Self.text(first.bytes) == "sockets")
        let copy = try #require(first.descriptors.first)
        #expect(first.descriptors.count == 1)
        #expect(fcntl(copy, F_GETFD) & FD_CLOEXEC != 0)
        let second = try #require(try other.receive(within: .seconds(5)))
        #expect(Self.text(second.bytes) == "end" && second.descriptors.isEmpty)
        // It is the same pipe.
        #expect(write(copy, "x", 1) == 1)
        close(copy)
        var byte: UInt8 = 0
        #expect(read(pipe.input, &byte, 1) == 1 && byte == UInt8(ascii: "x"))
        #expect(read(pipe.input, &byte, 1) == 0, "the copy was the last writer")
        close(pipe.input)
    }

    @Test func `As many descriptors arrive as one message may have, and no more are sent`() throws {
        let (one, other) = try channels()
        defer {
            one.close()
            other.close()
        }
        let many = [Int32](repeating: one.descriptor, count: DescriptorChannel.maxDescriptors)
        try one.send([1], many)
        let message = try #require(try other.receive(within: .seconds(5)))
        #expect(Set(message.descriptors).count == DescriptorChannel.maxDescriptors)
        for descriptor in message.descriptors { close(descriptor) }
        #expect(throws: SystemError.self) { try one.send([1], many + [one.descriptor]) }
    }

    @Test func `The end of the other end, and silence, are told apart`() throws {
        let (one, other) = try channels()
        defer { other.close() }
        #expect(throws: SystemError("recvmsg", errno: ETIMEDOUT)) { try other.receive(within: .zero) }
        #expect(!other.isReadable(within: .zero))
        one.close()
        #expect(other.isReadable(within: .zero))
        let message = try other.receive(within: .zero)
        #expect(message == nil)
        #expect(throws: SystemError.self) { try other.send([1]) }
    }

    @Test func `A message that is too large is not sent, and a descriptor that is none fails`() throws {
        let (one, other) = try channels()
        defer {
            one.close()
            other.close()
        }
        #expect(throws: SystemError("sendmsg", errno: EMSGSIZE)) {
            try one.send([UInt8](repeating: 0, count: DescriptorChannel.maxBytes + 1))
        }
        #expect(throws: SystemError("sendmsg", errno: EBADF)) { try one.send([1], [9999]) }
        #expect(!other.isReadable(within: .zero))
    }

    @Test func `A reader that does not read blocks nobody who does not wait`() throws {
        let (one, other) = try channels()
        defer {
            one.close()
            other.close()
        }
        let error = #expect(throws: SystemError.self) {
            while true { try one.send([UInt8](repeating: 1, count: 10_000), waits: false) }
        }
        #expect(error?.code == EAGAIN)
    }

    @Test func `Sending to a reader that does not read comes to an end where it is limited`() throws {
        let (one, other) = try channels()
        defer {
            one.close()
            other.close()
        }
        try one.limitSending(to: .milliseconds(10))
        let error = #expect(throws: SystemError.self) {
            while true { try one.send([UInt8](repeating: 1, count: 10_000)) }
        }
        #expect(error?.code == EAGAIN)
    }
}
