/// Which place of a bounded store the next failed request gets.
///
/// Places are shared fairly among lanes: a full store gives up the oldest request of the longest lane. So the failures of
/// one host, however many, take the places of their own lane, and not those of others.
struct FailedPlaces {
    /// A power of two.
    static let lanes = 256
    private static let none = UInt16.max

    private struct Lane {
        var first = FailedPlaces.none
        var last = FailedPlaces.none
        var count: UInt16 = 0
    }

    private var lanes = [Lane](repeating: Lane(), count: Self.lanes)
    /// Of each place, the next one of its lane.
    private var next: [UInt16]
    private var used = 0

    /// - Parameter count: places, fewer than 65,535.
    init(count: Int) {
        precondition(count > 0 && count < Int(Self.none))
        next = [UInt16](repeating: Self.none, count: count)
    }

    /// - Parameter key: requests with equal keys share a lane.
    /// - Returns: a place whose request is forgotten.
    mutating func take(key: UInt64) -> Int {
        let lane = Int(truncatingIfNeeded: key & UInt64(Self.lanes - 1))
        let place: UInt16
        if used < next.count {
            place = UInt16(used)
            used += 1
        } else {
            place = removeFirst(of: longest(unless: lane))
        }
        next[Int(place)] = Self.none
        if lanes[lane].count == 0 {
            lanes[lane].first = place
        } else {
            next[Int(lanes[lane].last)] = place
        }
        lanes[lane].last = place
        lanes[lane].count += 1
        return Int(place)
    }

    /// The longest lane: this one, where no other is longer.
    private func longest(unless own: Int) -> Int {
        var longest = own
        for index in lanes.indices where lanes[index].count > lanes[longest].count { longest = index }
        return longest
    }

    /// The lane is not empty: all places are in some lane, and this one is the longest.
    private mutating func removeFirst(of lane: Int) -> UInt16 {
        let place = lanes[lane].first
        lanes[lane].first = next[Int(place)]
        lanes[lane].count -= 1
        return place
    }
}
