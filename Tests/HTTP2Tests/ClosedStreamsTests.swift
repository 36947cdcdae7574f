import Testing

@testable import HTTP2

@Suite struct ClosedStreamsTests {
    private func arrives(
        _ streams: inout ClosedStreams,
        _ id: Int32,
        isHeaders: Bool = true,
        isOpen: Bool = false
    )
        -> ClosedStreams.Verdict
    {
        streams.frameArrives(on: id, isHeaders: isHeaders, isOpen: isOpen)
    }

    @Test func `A new stream, and one that is open`() {
        var streams = ClosedStreams()
        #expect(arrives(&streams, 1) == .fine)
        #expect(arrives(&streams, 1, isHeaders: false, isOpen: true) == .fine)
        #expect(arrives(&streams, 5) == .fine)
    }

    @Test func `A number that was left out is not used any more`() {
        var streams = ClosedStreams()
        _ = arrives(&streams, 5)
        #expect(arrives(&streams, 3) == .error(.protocolError))
    }

    @Test func `After the client has ended it, a frame is an error; after this side has, it is late`() {
        var streams = ClosedStreams()
        for id: Int32 in [1, 3] { _ = arrives(&streams, id) }
        streams.add(1, isEndedByPeer: true)
        streams.add(3, isEndedByPeer: false)
        for isHeaders in [false, true] {
            #expect(arrives(&streams, 1, isHeaders: isHeaders) == .error(.streamClosed))
            #expect(arrives(&streams, 3, isHeaders: isHeaders) == .ignored)
        }
    }

    @Test func `What is forgotten is ignored`() {
        var streams = ClosedStreams()
        for id in stride(from: Int32(1), to: 1001, by: 2) {
            _ = arrives(&streams, id)
            streams.add(id, isEndedByPeer: true)
        }
        #expect(arrives(&streams, 1) == .ignored)
        #expect(arrives(&streams, 999) == .error(.streamClosed))
    }
}
