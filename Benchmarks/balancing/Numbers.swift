import Foundation

/// SplitMix64: the same numbers in every run.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// From above 0 to 1.
    mutating func unit() -> Double {
        Double((next() >> 11) + 1) / Double(1 << 53)
    }

    /// Time to the next of events that come independently of each other.
    mutating func exponential(mean: Double) -> Double {
        -log(unit()) * mean
    }

    /// Times as servers have them: most near the median, some much longer.
    mutating func logNormal(mean: Double, sigma: Double) -> Double {
        let normal = sqrt(-2 * log(unit())) * cos(2 * .pi * unit())
        return mean * exp(sigma * normal - sigma * sigma / 2)
    }
}

/// Keys of which few are requested often and many seldom (Zipf).
struct PopularKeys {
    static let count = 10_000
    /// The first key has 3.7 percent of all requests.
    static let exponent = 0.8

    private let ends: [Double]
    let bytes: [[UInt8]]

    init() {
        var sum = 0.0
        ends = (1...Self.count).map { rank in
            sum += pow(Double(rank), -Self.exponent)
            return sum
        }
        bytes = (0..<Self.count).map { Array("/page/\($0 &* 7919)".utf8) }
    }

    func random(_ numbers: inout Numbers) -> Int {
        let value = numbers.unit() * (ends.last ?? 1)
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
