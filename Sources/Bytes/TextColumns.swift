/// A table for people: cells in columns that are as wide as their longest cell.
package enum TextColumns {
    /// - Parameter lines: each with as many cells as the first one.
    /// - Returns: the lines without spaces at their ends, with a newline between them.
    package static func text(_ lines: [[String]]) -> String {
        var widths: [Int] = []
        for line in lines {
            let more = line.count - widths.count
            if more > 0 { widths += Array(repeating: 0, count: more) }
            for (column, cell) in line.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        return lines.map { line in
            let cells = zip(line, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let text = cells.joined(separator: "  ").drop { $0 == " " }
            guard let end = text.lastIndex(where: { $0 != " " }) else { return "" }
            return String(text[...end])
        }.joined(separator: "\n")
    }
}
