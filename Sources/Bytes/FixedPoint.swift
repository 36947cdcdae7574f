/// Numbers with a fixed count of decimals, for people: what `printf`'s `%.2f` writes.
package enum FixedPoint {
    /// `12.50`; what is not finite, or has more than 15 digits before the point, as Swift writes it.
    ///
    /// - Parameter places: decimals, 0 to 6.
    package static func text(_ value: Double, places: Int) -> String {
        let places = max(0, min(places, 6))
        let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
        let scaled = (value.magnitude * scale).rounded(.toNearestOrEven)
        guard scaled < 1e15 else { return "\(value)" }
        let digits = String(Int(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + padded }
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }
}
