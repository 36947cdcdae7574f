/// Suggests the word that was probably meant.
package enum Suggestion {
    /// The candidate of which `word` is probably a misspelling; nil if there is none.
    ///
    /// Near means: at most a third of the letters (at least one, at most three) are
    /// wrong, missing, too many or swapped.
    package static func nearest(to word: String, in candidates: [String]) -> String? {
        let wrong = plain(word)
        guard !wrong.isEmpty, wrong.count <= 64 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let right = plain(candidate)
            let allowed = min(3, max(1, max(wrong.count, right.count) / 3))
            let distance = distance(wrong, right)
            if distance <= allowed, distance < (best?.distance ?? .max) { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Lower case, with `-` and `_` alike: `Set-Headers` is `set_headers`.
    private static func plain(_ word: String) -> [UInt8] {
        word.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "-"), UInt8(ascii: " "): UInt8(ascii: "_")
            default: byte
            }
        }
    }

    /// Optimal string alignment: Levenshtein's distance with swapped neighbours as one.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
