/// The open streams of a session, by number.
///
/// A hash table with linear probing, at most half full. The hash is another one in each process: a peer that chooses numbers
/// cannot make them fall on the same places.
struct StreamTable {
    private var places = [HTTP2Stream?](repeating: nil, count: 1 << leastBits)
    private var shift = UInt32(32 - leastBits)
    private(set) var count = 0

    private static let leastBits = 3
    private static let seed = UInt32.random(in: .min ... .max)

    @inline(__always)
    private func home(_ id: Int32) -> Int {
        var hash = (UInt32(bitPattern: id) ^ Self.seed) &* 0x9E37_79B1
        hash = (hash ^ hash &>> 15) &* 0x85EB_CA77
        return Int(hash &>> shift)
    }

    @inline(__always)
    private func after(_ place: Int) -> Int { (place &+ 1) & (places.count &- 1) }

    /// Where the stream is, or the free place where it would be.
    @inline(__always)
    private func place(of id: Int32) -> Int {
        var place = home(id)
        while let stream = places[place], stream.id != id { place = after(place) }
        return place
    }

    subscript(_ id: Int32) -> HTTP2Stream? { places[place(of: id)] }

    var all: [HTTP2Stream] { places.compactMap { $0 } }

    /// Adds the stream, in place of one with its number.
    mutating func insert(_ stream: HTTP2Stream) {
        if 2 &* (count &+ 1) > places.count { resize(bits: Int(33 - shift)) }
        let place = place(of: stream.id)
        if places[place] == nil { count &+= 1 }
        places[place] = stream
    }

    /// - Returns: the stream that was there.
    mutating func remove(_ id: Int32) -> HTTP2Stream? {
        var hole = place(of: id)
        guard let found = places[hole] else { return nil }
        places[hole] = nil
        count &-= 1
        // Those that had to go on because of it move up.
        var next = after(hole)
        while let stream = places[next] {
            let mask = places.count &- 1
            if (next &- home(stream.id)) & mask >= (next &- hole) & mask {
                places[hole] = stream
                places[next] = nil
                hole = next
            }
            next = after(next)
        }
        if count == 0, places.count > Self.keptPlaces { resize(bits: Self.leastBits) }
        return found
    }

    private static let keptPlaces = 256

    private mutating func resize(bits: Int) {
        let streams = all
        places = Array(repeating: nil, count: 1 << bits)
        shift = UInt32(32 - bits)
        for stream in streams { places[place(of: stream.id)] = stream }
    }
}
