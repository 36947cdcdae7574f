import NIOCore
import Testing

@testable import ProxyCore

@Suite struct WebSocketFramesTests {
    private static func frame(
        _ size: Int,
        opcode: UInt8 = 2,
        isMasked: Bool = false,
        isFinal: Bool = true
    ) -> [UInt8] {
        var bytes = [isFinal ? 0x80 | opcode : opcode]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch size {
        case ..<126: bytes.append(mask | UInt8(size))
        case ..<65_536: bytes += [mask | 126, UInt8(size >> 8), UInt8(size & 0xFF)]
        default: bytes += [mask | 127] + (0..<8).reversed().map { UInt8(size >> ($0 * 8) & 0xFF) }
        }
        if isMasked { bytes += [1, 2, 3, 4] }
        return bytes + [UInt8](repeating: 0x88, count: size)
    }

    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_000], [true, false])
    func `The end of a frame is found, however its bytes arrive`(size: Int, isMasked: Bool) {
        let bytes = Self.frame(size, isMasked: isMasked)
        for step in [1, 3, 4096, bytes.count] {
            var frames = WebSocketFrames()
            #expect(frames.isAtBoundary)
            var offset = 0
            while offset < bytes.count {
                let end = min(offset + step, bytes.count)
                #expect(frames.pass(Array(bytes[offset..<end]).span) == end - offset)
                offset = end
                #expect(frames.isAtBoundary == (offset == bytes.count))
            }
            #expect(!frames.isClosed && frames.isValid)
        }
    }

    @Test func `It stops at the first boundary where it has to`() {
        let bytes = Self.frame(5) + Self.frame(300) + Self.frame(2)
        var frames = WebSocketFrames()
        frames.pass(Array(bytes[..<3]).span)
        #expect(frames.pass(Array(bytes[3...]).span, stopsAtBoundary: true) == 4)
        #expect(frames.isAtBoundary)
        #expect(frames.pass(Array(bytes[7...]).span, stopsAtBoundary: true) == 304)
        #expect(frames.pass(Array(bytes[311...]).span, stopsAtBoundary: true) == 4)
    }

    @Test func `A boundary within a fragmented message is one`() {
        var frames = WebSocketFrames()
        frames.pass(Self.frame(10, opcode: 1, isFinal: false).span)
        #expect(frames.isAtBoundary)
        frames.pass(Self.frame(10, opcode: 9).span)
        frames.pass(Self.frame(10, opcode: 0).span)
        #expect(frames.isAtBoundary && !frames.isClosed)
    }

    @Test func `A close frame counts when it is whole`() {
        let close = Self.frame(2, opcode: 8, isMasked: true)
        var frames = WebSocketFrames()
        frames.pass(Array(close.dropLast()).span)
        #expect(!frames.isClosed && !frames.isAtBoundary)
        frames.pass(Array(close.suffix(1)).span)
        #expect(frames.isClosed)
    }

    @Test(
        arguments: [
            [0x83, 0], [0x8B, 0], [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
            [0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]]
    )
    func `What cannot be a frame has no boundary any more`(bytes: [UInt8]) {
        var frames = WebSocketFrames()
        #expect(frames.pass(bytes.span) == bytes.count)
        #expect(!frames.isValid && !frames.isAtBoundary)
        #expect(frames.pass(Self.frame(1).span) == 3)
        #expect(!frames.isAtBoundary)
    }

    @Test func `Close frames are well formed, and masked toward a server alone`() {
        #expect(Array(WebSocketFrames.goingAway(mask: nil).readableBytesView) == [0x88, 2, 0x03, 0xE9])
        let masked = Array(WebSocketFrames.goingAway(mask: 0x1122_3344).readableBytesView)
        #expect(masked == [0x88, 0x82, 0x11, 0x22, 0x33, 0x44, 0x03 ^ 0x11, 0xE9 ^ 0x22])
        var frames = WebSocketFrames()
        frames.pass(masked.span)
        #expect(frames.isClosed)
    }

    @Test(arguments: 0..<50)
    func `Random cuts of random frames end where a plain reader finds it`(seed: UInt64) {
        var random = Random(seed: seed)
        var bytes: [UInt8] = []
        var ends: Set<Int> = [0]
        for _ in 0..<20 {
            bytes += Self.frame(Int(random.next() % 400), isMasked: random.next() % 2 == 0)
            ends.insert(bytes.count)
        }
        var frames = WebSocketFrames()
        var offset = 0
        while offset < bytes.count {
            let end = min(bytes.count, offset + 1 + Int(random.next() % 200))
            frames.pass(Array(bytes[offset..<end]).span)
            offset = end
            #expect(frames.isAtBoundary == ends.contains(offset))
        }
    }
}
