import Foundation

/// The 99th percentiles as bars, one panel for each scenario, on one logarithmic scale.
struct Plot {
    private static let panel = (width: 360.0, height: 250.0)
    private static let labels = 185.0
    /// Milliseconds at both ends of the scale.
    private static let range = (from: 20.0, to: 60_000.0)
    private static let colours = [
        "#4e79a7", "#76b7b2", "#59a14f", "#8cd17d", "#b6992d", "#e15759", "#f28e2b", "#ffbe7d", "#b07aa1",
        "#d4a6c8",
    ]

    let latency: TailLatency

    func svg() -> String {
        let columns = 2
        let rows = (Scenario.all.count + columns - 1) / columns
        let width = Self.panel.width * Double(columns) + 20
        let height = Self.panel.height * Double(rows) + 40
        var lines = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" \
            font-family="sans-serif" font-size="11">
            <rect width="100%" height="100%" fill="white"/>
            <text x="10" y="20" font-size="14">99th percentile of the response time, ms (logarithmic)</text>
            """
        ]
        for (number, scenario) in Scenario.all.enumerated() {
            let x = Double(number % columns) * Self.panel.width + 10
            let y = Double(number / columns) * Self.panel.height + 35
            lines.append("<g transform=\"translate(\(x),\(y))\">")
            lines.append("<text x=\"\(Self.labels)\" y=\"14\" font-weight=\"bold\">\(scenario.title)</text>")
            lines += bars(number)
            lines.append("</g>")
        }
        return lines.joined(separator: "\n") + "\n</svg>\n"
    }

    private func bars(_ scenario: Int) -> [String] {
        let room = Self.panel.width - Self.labels - 50
        return latency.results.enumerated().flatMap { number, row in
            let value = row.results[scenario].quantile(0.99) * 1000
            let part =
                log(max(value, Self.range.from) / Self.range.from) / log(Self.range.to / Self.range.from)
            let (y, length) = (Double(number) * 21 + 22, max(1, min(1, part) * room))
            let title = row.method.title.replacingOccurrences(of: "&", with: "&amp;")
            return [
                "<text x=\"\(Self.labels - 6)\" y=\"\(y + 13)\" text-anchor=\"end\">\(title)</text>",
                """
                <rect x="\(Self.labels)" y="\(y)" width="\(String(format: "%.1f", length))" height="17" \
                fill="\(Self.colours[number % Self.colours.count])"/>
                """,
                "<text x=\"\(Self.labels + length + 4)\" y=\"\(y + 13)\">\(milliseconds(value / 1000))</text>",
            ]
        }
    }
}
