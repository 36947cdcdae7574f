import HTTP1

/// What a decoder made of a body.
struct DecodedBody: Equatable {
    enum End: Equatable {
        /// After so many bytes.
        case complete(Int)
        case needsMore
        case refused(BodyError)
    }

    /// What may be passed on, as it may be passed on.
    var passed: [UInt8] = []
    /// The content alone; nil where the body was decoded in runs, which do not tell it from framing.
    var content: [UInt8]?
    var bodyBytes: UInt64 = 0
    var end = End.needsMore

    /// - Parameters:
    ///   - sizes: of the reads; between them only what the decoder left is kept.
    ///   - runs: by `nextRun` in place of `next`.
    init(
        _ bytes: [UInt8],
        _ framing: BodyFraming,
        in sizes: [Int]? = nil,
        runs: Bool = false
    ) throws(Contradiction) {
        var decoder = BodyDecoder(framing)
        if !runs { content = [] }
        var start = 0
        var count = 0
        do {
            for size in sizes ?? [bytes.count] where !decoder.isComplete {
                count += size
                let held = Array(bytes[start..<count])
                var offset = 0
                if runs {
                    while case .pass(let range) = try decoder.nextRun(held.span, offset: &offset) {
                        passed += held.slice(range)
                    }
                } else {
                    try takePieces(&decoder, held, &offset)
                }
                start += offset
                guard start <= count else { throw Contradiction("a body runs past what came", bytes) }
            }
            end = decoder.isComplete ? .complete(start) : .needsMore
        } catch let error as BodyError {
            end = .refused(error)
        } catch let contradiction as Contradiction {
            throw contradiction
        } catch {
            throw Contradiction("an error of no kind", bytes)
        }
        bodyBytes = decoder.bodyBytes
    }

    private mutating func takePieces(
        _ decoder: inout BodyDecoder,
        _ held: [UInt8],
        _ offset: inout Int
    ) throws {
        while true {
            let before = offset
            let range: ByteRange
            switch try decoder.next(held.span, offset: &offset) {
            case .data(let data):
                range = data
                content?.append(contentsOf: held[data.indices])
                passed += held[data.indices]
            case .framing(let kept), .trailer(let kept):
                range = kept
                passed += held[kept.indices]
            case .skipped(let skipped): range = skipped
            case .needMore, .end: return
            }
            if range.lowerBound != before || range.upperBound != offset {
                throw Contradiction("a gap between two pieces", held)
            }
        }
    }
}
