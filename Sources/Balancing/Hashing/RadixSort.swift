/// Sorts in linear time, and keeps the order of what is equal.
enum RadixSort {
    /// Sorts by the upper 32 bits alone.
    static func sortByUpperHalf(_ values: inout [UInt64]) {
        var other = [UInt64](repeating: 0, count: values.count)
        for shift in stride(from: 32 as UInt64, to: 64, by: 8) {
            var starts = [Int](repeating: 0, count: 257)
            for value in values { starts[Int(value >> shift & 0xFF) + 1] += 1 }
            for digit in 1...256 { starts[digit] += starts[digit - 1] }
            for value in values {
                let digit = Int(value >> shift & 0xFF)
                other[starts[digit]] = value
                starts[digit] += 1
            }
            swap(&values, &other)
        }
    }
}
