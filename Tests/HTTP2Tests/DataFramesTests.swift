import TestSupport
import Testing

@testable import HTTP2

/// Where DATA frames begin in the bytes of a client.
@Suite struct DataFramesTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let bytes =
        preface + frame(4) + frame(1, stream: 1, [0, 0, 9]) + frame(0, stream: 1, [0, 0, 9, 0, 0])
        + frame(0, stream: 0x7FFF_FFFF) + frame(10, stream: 5, [1]) + frame(0, stream: 3, [1])

    private static func all(_ pieces: [ArraySlice<UInt8>]) -> [Int32] {
        var frames = DataFrames()
        return pieces.flatMap { piece in
            Array(piece).withUnsafeBufferPointer { frames.arrive(in: $0) }
            return Array(frames.takeLeftOut())
        }
    }

    @Test func `They are found however the bytes are cut`() {
        let expected: [Int32] = [1, 0x7FFF_FFFF, 3]
        for cut in 0...Self.bytes.count {
            #expect(Self.all([Self.bytes[..<cut], Self.bytes[cut...]]) == expected, "cut at \(cut)")
        }
        #expect(Self.all(Self.bytes.indices.map { Self.bytes[$0...$0] }) == expected)
    }

    @Test func `A reset settles those before it`() {
        let bytes =
            Self.preface + frame(0, stream: 1, [1]) + frame(3, stream: 1, [0, 0, 0, 8])
            + frame(0, stream: 1, [1])
        var frames = DataFrames()
        bytes.withUnsafeBufferPointer { frames.arrive(in: $0) }
        #expect(frames.begun(1, isReset: true) == [1])
        #expect(frames.takeLeftOut() == [1])
    }

    @Test func `Those that are left out stand before the one that is begun`() {
        var frames = DataFrames()
        Self.bytes.withUnsafeBufferPointer { frames.arrive(in: $0) }
        #expect(frames.begun(0x7FFF_FFFF, isReset: false) == [1])
        #expect(frames.takeLeftOut() == [3])
        #expect(frames.takeLeftOut() == [])
        // Nothing that did not arrive makes it fail.
        #expect(frames.begun(7, isReset: false) == [] && frames.takeLeftOut() == [])
    }
}
