/// Durations and sizes as rule files write them.
package enum Quantity {
    /// The longest duration, seconds: a year. A longer one is a mistake, and would not fit into a timer.
    static let maxSeconds = 365 * 86_400

    /// `500ms`, `5s`, `2m`, `1h`, `1.5s`; a plain number is in seconds. Nil when `text` is not a duration,
    /// or more than ``maxSeconds``.
    package static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text) else { return nil }
        let nanosecondsPerUnit: Int
        switch unit {
        case "ms": nanosecondsPerUnit = 1_000_000
        case "", "s": nanosecondsPerUnit = 1_000_000_000
        case "m": nanosecondsPerUnit = 60 * 1_000_000_000
        case "h": nanosecondsPerUnit = 3600 * 1_000_000_000
        default: return nil
        }
        guard let nanoseconds = scale(number, by: nanosecondsPerUnit),
            nanoseconds <= maxSeconds * 1_000_000_000
        else { return nil }
        return .nanoseconds(nanoseconds)
    }

    /// Bytes: `512`, `512B`, `8KiB`, `1MiB`, `2GiB`, `1TiB`, and as nginx has them `8k`, `1m`,
    /// `2g` (of 1024 each). Nil when `text` is not a size, or does not fit.
    package static func bytes(_ text: String) -> UInt64? {
        guard let (number, unit) = split(text) else { return nil }
        let bytesPerUnit: Int
        switch unit.lowercased() {
        case "", "b": bytesPerUnit = 1
        case "k", "kib": bytesPerUnit = 1 << 10
        case "m", "mib": bytesPerUnit = 1 << 20
        case "g", "gib": bytesPerUnit = 1 << 30
        case "t", "tib": bytesPerUnit = 1 << 40
        default: return nil
        }
        return scale(number, by: bytesPerUnit).map(UInt64.init)
    }

    private struct Number {
        var whole: Int
        /// The digits after the point, and ten to the power of their count.
        var fraction: Int
        var divisor: Int
    }

    /// A number and the text after it; spaces between them are allowed.
    private static func split(_ text: String) -> (Number, String)? {
        var number = Number(whole: 0, fraction: 0, divisor: 1)
        var seen = false
        var inFraction = false
        var rest = text.utf8[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "."), seen, !inFraction {
                inFraction = true
                seen = false
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                let digit = Int(byte - UInt8(ascii: "0"))
                seen = true
                if inFraction {
                    // More than six digits are a mistake.
                    guard number.divisor < 1_000_000 else { return nil }
                    number.fraction = number.fraction * 10 + digit
                    number.divisor *= 10
                } else {
                    let (tens, overflow) = number.whole.multipliedReportingOverflow(by: 10)
                    let (sum, carry) = tens.addingReportingOverflow(digit)
                    guard !overflow, !carry else { return nil }
                    number.whole = sum
                }
            } else {
                break
            }
            rest = rest.dropFirst()
        }
        guard seen else { return nil }
        rest = rest.drop { $0 == UInt8(ascii: " ") }
        return (number, String(Substring(rest)))
    }

    private static func scale(_ number: Number, by unit: Int) -> Int? {
        let (whole, overflow) = number.whole.multipliedReportingOverflow(by: unit)
        // Less than one unit, so it always fits.
        let fraction = Int(Double(number.fraction) / Double(number.divisor) * Double(unit))
        let (sum, carry) = whole.addingReportingOverflow(fraction)
        return overflow || carry ? nil : sum
    }
}
