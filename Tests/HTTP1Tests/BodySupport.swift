import HTTP1
import TestSupport

/// How the decoding of a body ended.
enum BodyEnd: Hashable {
    /// After so many bytes.
    case complete(Int)
    case needsMore
    case refused(BodyError)
}

/// What a decoder made of a body.
struct Decoded: Hashable {
    /// What may be passed on, as it may be passed on.
    var passed: [UInt8] = []
    /// The content alone; empty if decoded in runs.
    var content: [UInt8] = []
    var trailers: [String] = []
    var bodyBytes: UInt64 = 0
    var end = BodyEnd.needsMore
    /// How many slices it came in.
    var runs = 0
    /// The most that stayed unconsumed after a read.
    var held = 0

    /// What must not depend on the reads.
    var outcome: Decoded {
        var outcome = self
        outcome.runs = 0
        outcome.held = 0
        return outcome
    }
}

/// Feeds a body in reads of these sizes, and keeps between them only what the decoder did not consume.
func decode(
    _ bytes: [UInt8],
    _ framing: BodyFraming = .chunked,
    in sizes: [Int]? = nil,
    runs: Bool = false,
    limits: HeadLimits = .default,
    close: Bool = false
) -> Decoded {
    var decoder = BodyDecoder(framing, limits: limits)
    var result = Decoded()
    var buffer: [UInt8] = []
    var arrived = 0
    var consumed = 0
    do throws(BodyError) {
        for size in sizes ?? [bytes.count] {
            buffer += bytes[arrived..<(arrived + size)]
            arrived += size
            var offset = 0
            if runs {
                while case .pass(let range) = try decoder.nextRun(buffer.span, offset: &offset) {
                    result.passed += buffer.slice(range)
                    result.runs += 1
                }
            } else {
                pieces: while true {
                    let before = offset
                    switch try decoder.next(buffer.span, offset: &offset) {
                    case .data(let range):
                        result.content += buffer.slice(range)
                        result.passed += buffer.slice(range)
                        if range.lowerBound != before || range.upperBound != offset { fatalError("a gap") }
                    case .framing(let range):
                        result.passed += buffer.slice(range)
                        if range.lowerBound != before || range.upperBound != offset { fatalError("a gap") }
                    case .trailer(let range):
                        result.passed += buffer.slice(range)
                        result.trailers.append(buffer.string(range))
                    case .skipped(let range):
                        if range.lowerBound != before || range.upperBound != offset { fatalError("a gap") }
                    case .needMore, .end:
                        break pieces
                    }
                }
            }
            consumed += offset
            buffer.removeFirst(offset)
            result.held = max(result.held, buffer.count)
            if decoder.isComplete { break }
        }
        if close { try decoder.finish() }
        result.end = decoder.isComplete ? .complete(consumed) : .needsMore
    } catch {
        result.end = .refused(error)
        // Once wrong, always wrong.
        var offset = 0
        do throws(BodyError) {
            _ = try decoder.next(bytes.span, offset: &offset)
            fatalError("went on after an error")
        } catch let again {
            if again != error { fatalError("another error") }
        }
    }
    result.bodyBytes = decoder.bodyBytes
    return result
}

/// A chunked body with what the RFC allows around it, and what should be left of it.
struct GeneratedBody {
    var bytes: [UInt8] = []
    var content: [UInt8] = []
    var trailers: [String] = []

    init(using random: inout SeededRandom) {
        let extensions = [
            "", "", "", "", ";a", " ; a = b", ";a=\"x;\\\"y\\\\ \t\"", "\t;\ta;b=c;d=\"\"", ";~=\"é\"",
        ]
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let size = Int.random(in: 1...([1, 20, 700].randomElement(using: &random) ?? 1), using: &random)
            let data = (0..<size).map { _ in [13, 10, 48, 59, 97].randomElement(using: &random) ?? UInt8(0) }
            bytes += Self.line(size, extensions.randomElement(using: &random) ?? "", using: &random)
            bytes += data + [13, 10]
            content += data
        }
        bytes += Self.line(0, extensions.randomElement(using: &random) ?? "", using: &random)
        let good = ["ETag: \"x\"\r\n", "Digest:y  \r\n", "x-sum:\t1 2\r\n", "grpc-status: 0\r\n"]
        let bad = [
            "Content-Length: 5\r\n", "transfer-encoding: chunked\r\n", "Host: evil\r\n",
            "X-Forwarded-Foo: 1\r\n",
            "Set-Cookie: a\r\n", "Connection: close\r\n", "AUTHORIZATION: x\r\n", "Trailer: a\r\n",
            "TE: x\r\n",
        ]
        for _ in 0..<([0, 0, 3, 6].randomElement(using: &random) ?? 0) {
            if Bool.random(using: &random), let line = good.randomElement(using: &random) {
                bytes += line.utf8
                trailers.append(line)
            } else {
                bytes += (bad.randomElement(using: &random) ?? "").utf8
            }
        }
        bytes += [13, 10]
    }

    private static func line(_ size: Int, _ extensions: String, using random: inout SeededRandom) -> [UInt8] {
        let zeros = [0, 0, 0, 1, 5].randomElement(using: &random) ?? 0
        let digits = String(size, radix: 16, uppercase: Bool.random(using: &random))
        return Array((String(repeating: "0", count: zeros) + digits + extensions + "\r\n").utf8)
    }
}
