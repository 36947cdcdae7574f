/// The streams of a client that were closed last, and by whom: whether a frame on one of them is an error
/// (RFC 9113 §5.1). Pure.
///
/// What a client sent before it learned that this side had reset the stream is not. A stream that was closed long ago is
/// forgotten: frames on it are ignored.
struct ClosedStreams {
    enum Verdict: Equatable {
        /// The stream is open, or it is a new one.
        case fine
        case ignored
        case error(HTTP2Code)
    }

    private static let remembered = 64

    /// A ring.
    private var streams: [(id: Int32, isEndedByPeer: Bool)] = []
    private var next = 0
    /// The highest stream that the client has opened.
    private var last: Int32 = 0

    /// A stream closed.
    ///
    /// - Parameter isEndedByPeer: the client has ended or reset it, so that it sends nothing more on it.
    mutating func add(_ id: Int32, isEndedByPeer: Bool) {
        if streams.count < Self.remembered {
            streams.append((id, isEndedByPeer))
        } else {
            streams[next] = (id, isEndedByPeer)
            next = (next + 1) % Self.remembered
        }
    }

    /// The client resets a stream that is gone: it sends nothing more on it.
    mutating func reset(_ id: Int32) {
        if let place = streams.lastIndex(where: { $0.id == id }) { streams[place].isEndedByPeer = true }
    }

    /// HEADERS or DATA arrive.
    ///
    /// - Parameter isOpen: the stream is open.
    mutating func frameArrives(on id: Int32, isHeaders: Bool, isOpen: Bool) -> Verdict {
        if id > last {
            if isHeaders { last = id }
            return .fine
        }
        if isOpen { return .fine }
        if let known = streams.last(where: { $0.id == id }) {
            return known.isEndedByPeer ? .error(.streamClosed) : .ignored
        }
        guard isHeaders else { return .ignored }
        let isForgotten = streams.count == Self.remembered && streams.allSatisfy { id < $0.id }
        // New streams have higher numbers than those before (RFC 9113 §5.1.1).
        return isForgotten ? .ignored : .error(.protocolError)
    }
}
