import Explain
import PCRE2
import PatternSyntax

/// An explanation as JSON. Keys are added, never renamed or removed.
struct ExplanationReport: Encodable {
    struct Part: Encodable {
        let text: String
        let start: Int
        let end: Int
        let depth: Int
        let words: String
    }

    struct Capture: Encodable {
        let number: Int
        let name: String?
        let value: String?
        let start: Int?
        let end: Int?
    }

    struct Stop: Encodable {
        let offset: Int
        let expected: String
        let patternStart: Int?
        let patternEnd: Int?

        enum CodingKeys: String, CodingKey {
            case offset, expected
            case patternStart = "pattern_start"
            case patternEnd = "pattern_end"
        }
    }

    let pattern: String
    let host: String
    let matches: Bool
    let parts: [Part]
    var captures: [Capture] = []
    var stopped: Stop?
    /// The limit that ended the match.
    var limit: String?
    let steps: Int?
    let stepLimit: Int

    enum CodingKeys: String, CodingKey {
        case pattern, host, matches, parts, captures, stopped, limit, steps
        case stepLimit = "step_limit"
    }

    init(_ explanation: Explanation) {
        let text = explanation.tree.text
        pattern = String(decoding: text, as: UTF8.self)
        host = String(decoding: explanation.host, as: UTF8.self)
        matches = explanation.isMatch
        parts = explanation.words.lines.map { line in
            let bytes = text[line.range.clamped(to: 0..<text.count)]
            return Part(
                text: String(decoding: bytes, as: UTF8.self),
                start: line.range.lowerBound,
                end: line.range.upperBound,
                depth: line.depth,
                words: line.words
            )
        }
        steps = explanation.steps
        stepLimit = explanation.limit
        switch explanation.outcome {
        case .matched(let taken):
            captures = taken.map { capture in
                let bytes = capture.range.map { explanation.host[$0.clamped(to: 0..<explanation.host.count)] }
                return Capture(
                    number: capture.number,
                    name: capture.name,
                    value: bytes.map { String(decoding: $0, as: UTF8.self) },
                    start: capture.range?.lowerBound,
                    end: capture.range?.upperBound
                )
            }
        case .stopped(let stop):
            stopped = Stop(
                offset: stop.offset,
                expected: stop.expected,
                patternStart: stop.part?.lowerBound,
                patternEnd: stop.part?.upperBound
            )
        case .limit(let limit): self.limit = limit.rawValue
        case .lacksText: break
        case .failed(let code): limit = "pcre2 \(code)"
        }
    }
}
