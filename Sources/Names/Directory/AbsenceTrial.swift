/// The judgement on names that had an answer and, as their source reports, do not exist any longer: their witnesses are
/// queried, which are other names that had an answer. If one of them resolves, the source responds.
struct AbsenceTrial {
    /// The names to judge when all witnesses have testified.
    private(set) var names: Set<String> = []
    /// The names that are judged next.
    private(set) var next: Set<String> = []
    /// The witnesses whose results are outstanding.
    private(set) var witnesses: Set<String> = []
    private var found = false
    private var lost = false

    enum Verdict {
        /// The source responds: the names are gone.
        case gone
        /// The source responds, but other names are lost at the same time: perhaps one of several servers is down.
        case uncertain
        /// No witness resolves: the source is down.
        case down
    }

    var isOpen: Bool { !witnesses.isEmpty }

    mutating func doubt(_ name: String) {
        if witnesses.contains(name) { names.insert(name) } else if !names.contains(name) { next.insert(name) }
    }

    /// Begins with the names that are next.
    mutating func begin(witnesses: Set<String>) {
        self.witnesses = witnesses
        names = next
        next = []
        found = false
        lost = false
    }

    /// - Returns: the verdict, after the last witness.
    mutating func testify(_ witness: String, resolves: Bool) -> (verdict: Verdict, names: Set<String>)? {
        guard witnesses.remove(witness) != nil else { return nil }
        if resolves { found = true } else { lost = true }
        guard witnesses.isEmpty else { return nil }
        defer { names = [] }
        return (found ? (lost ? .uncertain : .gone) : .down, names)
    }

    /// Takes the names that nobody can testify for.
    mutating func takeNext() -> Set<String> {
        defer { next = [] }
        return next
    }
}
