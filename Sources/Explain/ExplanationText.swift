import PCRE2
import PatternLanguages
import PatternSyntax

/// An explanation for a terminal.
package struct ExplanationText {
    /// With ANSI colours; without, markers alone.
    let color: Bool

    package init(color: Bool) {
        self.color = color
    }

    private static let tones = ["32", "33", "35", "36", "34", "31"]
    /// Only the beginning of longer parts is shown, bytes.
    private static let maxPartBytes = 32

    private func paint(_ code: String, _ text: String) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    package func render(_ explanation: Explanation) -> String {
        var lines = [
            "pattern  " + shown(explanation.tree.text),
            "         (must match the whole host, ignoring case)", "",
        ]
        lines += wording(explanation)
        lines.append("")
        switch explanation.outcome {
        case .matched(let captures): lines += matched(explanation, captures)
        case .stopped(let stop): lines += stopped(explanation, stop)
        case .lacksText:
            lines.append("host     " + shown(explanation.host))
            lines.append("")
            lines.append(
                paint("1;31", "does not match")
                    + ": the host does not contain the pattern's literal text; live traffic does not run the pattern"
            )
        case .limit(let limit):
            lines.append("host     " + shown(explanation.host))
            lines.append("")
            lines.append(
                paint("1;31", "no decision")
                    + ": the match reached its limit (\(limit.rawValue)); live traffic gets a 500"
            )
        case .failed(let code):
            lines.append("host     " + shown(explanation.host))
            lines.append(paint("1;31", "no decision") + ": PCRE2 error \(code)")
        }
        if let steps = explanation.steps {
            lines.append(
                "steps    \(steps) of \(explanation.limit)"
                    + (steps * 10 > explanation.limit ? ": near the limit" : "")
            )
        }
        return lines.joined(separator: "\n")
    }

    private func wording(_ explanation: Explanation) -> [String] {
        let parts = explanation.words.lines.map { line -> (String, PatternDescription.Line) in
            var bytes = Array(explanation.tree.text[line.range.clamped(to: 0..<explanation.tree.text.count)])
            if bytes.count > Self.maxPartBytes {
                bytes = Array(bytes.prefix(Self.maxPartBytes - 1)) + Array("…".utf8)
            }
            return (String(repeating: "  ", count: line.depth) + shown(bytes), line)
        }
        let width = parts.map { $0.0.unicodeScalars.count }.max() ?? 0
        return parts.map { text, line in
            let gap = String(repeating: " ", count: width - text.unicodeScalars.count + 2)
            return "  " + paint("1", text) + gap + String(repeating: "  ", count: line.depth) + line.words
        }
    }

    private func matched(_ explanation: Explanation, _ captures: [Explanation.Capture]) -> [String] {
        let host = explanation.host
        var tones = [String?](repeating: nil, count: host.count)
        for (index, capture) in captures.enumerated() {
            for at in capture.range ?? 0..<0 where tones.indices.contains(at) {
                tones[at] = Self.tones[index % Self.tones.count]
            }
        }
        var line = ""
        for (index, byte) in host.enumerated() {
            let text = ClassDescription.shown(byte)
            line += tones[index].map { paint($0, text) } ?? text
        }
        var lines = ["host     " + line]
        for (index, capture) in captures.enumerated() {
            let tone = Self.tones[index % Self.tones.count]
            guard let range = capture.range else {
                lines.append("         " + paint(tone, "\(capture.label) is not part of the match"))
                continue
            }
            let marks = range.isEmpty ? "|" : String(repeating: "^", count: range.count)
            let blanks = String(repeating: " ", count: range.lowerBound)
            let value = String(decoding: host[range.clamped(to: 0..<host.count)], as: UTF8.self)
            let gap = String(
                repeating: " ",
                count: max(1, host.count - range.lowerBound - marks.utf8.count + 2)
            )
            lines.append("         " + blanks + paint(tone, marks + gap + "\(capture.label) = \(value)"))
        }
        return lines + ["", paint("1;32", "matches")]
    }

    private func stopped(_ explanation: Explanation, _ stop: Explanation.Stop) -> [String] {
        let host = explanation.host
        let end = min(stop.offset, host.count)
        let line = paint("32", shown(Array(host[..<end]))) + paint("31", shown(Array(host[end...])))
        let found = end < host.count ? "has `\(ClassDescription.shown(host[end]))`" : "ends"
        var lines = [
            "host     " + line, "         " + String(repeating: " ", count: end) + paint("1;31", "^"),
        ]
        lines.append("")
        lines.append(
            paint("1;31", "does not match") + ": it matches up to byte \(end), where the host \(found)"
        )
        if let part = stop.part {
            lines.append("expected " + stop.expected)
            lines.append("pattern  " + shown(explanation.tree.text))
            let marks = "^" + String(repeating: "~", count: max(0, part.count - 1))
            lines.append("         " + String(repeating: " ", count: part.lowerBound) + paint("1;31", marks))
        } else {
            lines.append("expected " + stop.expected)
        }
        return lines
    }

    private func shown(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }
            )
        )
    }
}
