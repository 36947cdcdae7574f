import Bytes
import Metrics

/// The counts of one interval, of all event loops.
struct LedgerLines {
    private var names: [(name: [UInt8], figures: LedgerCounts.Figures)] = []
    /// Requests without a name.
    private var unnamed = LedgerCounts.Figures()
    /// Of names that found no place.
    private var overflow = LedgerCounts.Figures()

    /// - Parameter limit: names. Event loops may have different ones: those that come first by their bytes are kept.
    init(_ loops: [LedgerCounts], limit: Int) {
        var sums: [[UInt8]: LedgerCounts.Figures] = [:]
        for counts in loops {
            counts.forEach { name, figures in sums[Array(name), default: .init()].add(figures) }
            unnamed.add(counts.unnamed)
            overflow.add(counts.overflow)
        }
        let sorted = sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (name, figures) in sorted {
            if names.count < limit { names.append((name, figures)) } else { overflow.add(figures) }
        }
    }

    var count: Int { names.count + (unnamed.requests > 0 ? 1 : 0) + (overflow.requests > 0 ? 1 : 0) }

    /// - Parameters:
    ///   - from: seconds since 1970, as `to`.
    func write(tier: String, by: String, from: Int, to: Int, into out: LogLine) {
        func begin() {
            out.append("{\"from\":\"")
            out.append(plain: Array(UTCTime(secondsSince1970: from).iso8601.utf8))
            out.append("Z\",\"to\":\"")
            out.append(plain: Array(UTCTime(secondsSince1970: to).iso8601.utf8))
            out.append("Z\",\"tier\":\"")
            out.append(escaped: tier, .json)
            out.append("\",\"by\":\"")
            out.append(escaped: by, .json)
            out.append("\",\"name\":")
        }
        func end(_ figures: LedgerCounts.Figures) {
            out.append(",\"requests\":")
            out.append(number: figures.requests)
            out.append(",\"bytes_in\":")
            out.append(number: figures.bytesIn)
            out.append(",\"bytes_out\":")
            out.append(number: figures.bytesOut)
            out.append("}\n")
        }
        for (name, figures) in names {
            begin()
            out.append("\"")
            out.append(escaped: name.span, .json)
            out.append("\"")
            end(figures)
        }
        if unnamed.requests > 0 {
            begin()
            out.append("null")
            end(unnamed)
        }
        if overflow.requests > 0 {
            begin()
            out.append("null,\"overflow\":true")
            end(overflow)
        }
    }
}
