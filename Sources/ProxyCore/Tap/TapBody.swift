import Bytes
import HTTP1

/// Finds the content in a body as it passes.
struct TapBody {
    /// Nil: it has no framing.
    private var decoder: BodyDecoder?
    /// Of the framing, what could not be read yet: at most a size line, or a part of the trailers.
    private var rest: [UInt8] = []
    private var hasEnded = false

    /// - Parameter framing: nil: the content comes alone.
    init(_ framing: BodyFraming?) {
        decoder = framing.map { BodyDecoder($0) }
    }

    /// - Parameter take: receives the parts of the content, and returns whether no more is wanted.
    mutating func decode(_ bytes: Span<UInt8>, _ take: (Span<UInt8>) -> Bool) {
        guard !hasEnded else { return }
        guard decoder != nil else {
            if !bytes.isEmpty, take(bytes) { hasEnded = true }
            return
        }
        guard !rest.isEmpty else { return decodeFramed(bytes, take) }
        rest.append(bytes)
        let all = rest
        rest = []
        decodeFramed(all.span, take)
    }

    private mutating func decodeFramed(_ bytes: Span<UInt8>, _ take: (Span<UInt8>) -> Bool) {
        var offset = 0
        while let piece = try? decoder?.next(bytes, offset: &offset) {
            switch piece {
            case .data(let range):
                if take(bytes.extracting(range.indices)) {
                    hasEnded = true
                    return
                }
            case .framing, .skipped, .trailer: continue
            case .needMore:
                rest.append(bytes.extracting(offset..<bytes.count))
                return
            case .end:
                hasEnded = true
                return
            }
        }
        // What passes on was checked before.
        hasEnded = true
    }
}
