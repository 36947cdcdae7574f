/// What a peer sends that the library leaves out without a word: frames of unknown types, and those of streams that are gone.
/// Pure.
struct IgnoredInput {
    /// As many ignored bytes count as one frame.
    static let frameBytes = 256
    /// A head, trailers, a reset, a window update.
    private static let lateFramesOfStream = 4

    private var received = 0
    /// Of the frames that the library did not leave out.
    private var begun = 0
    /// What may still arrive on streams that were reset, from peers that do not know of it yet.
    private var lateBytes = 0
    /// … frames other than DATA.
    private var lateFrames = 0
    private var charged = 0

    mutating func arrived(_ count: Int) { received &+= count }

    /// The library has begun a frame of so many bytes.
    mutating func frameBegan(_ count: Int) { begun &+= count }

    /// A stream was reset.
    ///
    /// - Parameter window: bytes of content that may be on their way.
    mutating func expectLate(window: Int) {
        lateBytes &+= window
        lateFrames &+= Self.lateFramesOfStream
    }

    /// A frame other than DATA came on a stream that is gone.
    ///
    /// - Returns: how many it counts for; 0: it was expected.
    mutating func lateFrame(of count: Int) -> Int {
        guard lateFrames == 0 else {
            lateFrames &-= 1
            return 0
        }
        return 1 &+ count / Self.frameBytes
    }

    /// As many frames as the ignored bytes count for, each once.
    mutating func takeCharge() -> Int {
        let due = max(0, (received &- begun &- lateBytes) / Self.frameBytes &- charged)
        charged &+= due
        return due
    }
}
