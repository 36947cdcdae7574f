/// Numbers with units, as nginx writes them.
enum Quantities {
    /// Reads `60`, `60s`, `1m30s` or `500ms`; nil: not valid, or too large.
    static func milliseconds(_ text: String) -> Int? {
        var total = 0
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[unit.endIndex...].drop { $0 == " " }
            guard let number = Int(digits), number < 1 << 40, let each = units[String(unit)] else {
                return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: each)
            let (sum, carry) = total.addingReportingOverflow(product)
            guard !overflow, !carry else { return nil }
            total = sum
        }
        return total
    }

    private static let units = [
        "": 1000, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
        "M": 2_592_000_000, "y": 31_536_000_000,
    ]

    /// Splits a number and its unit; nil: there is no number.
    static func split(_ text: String) -> (number: Int, unit: String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        return (number, String(text[digits.endIndex...]))
    }
}
