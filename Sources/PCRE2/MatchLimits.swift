/// What one match may cost before it is given up.
public struct MatchLimits: Hashable, Sendable {
    /// Steps from one place of the subject: PCRE2's match limit.
    public var steps: UInt32
    /// Steps of a search from all places together. PCRE2 begins to count anew at each place,
    /// so a search of a long subject gets fewer steps at each.
    public var searchSteps: UInt32
    /// Nested backtracking points, of the interpreter only.
    public var depth: UInt32
    /// Memory for backtracking, KiB (1024 bytes), of the interpreter only.
    public var heapKiB: UInt32

    public init(
        steps: UInt32 = Self.defaultSteps,
        searchSteps: UInt32 = Self.defaultSearchSteps,
        depth: UInt32 = Self.defaultDepth,
        heapKiB: UInt32 = Self.defaultHeapKiB
    ) {
        self.steps = steps
        self.searchSteps = searchSteps
        self.depth = depth
        self.heapKiB = heapKiB
    }

    /// Steps of one match at one place: about a millisecond at worst.
    public static let defaultSteps: UInt32 = 50_000
    /// Steps of one search: about 20 milliseconds at worst. A subject of 320 bytes still has
    /// `defaultSteps` at each of its places, one of 8 KiB some 2,000.
    public static let defaultSearchSteps: UInt32 = 16_000_000
    /// Nested backtracking points of one match.
    public static let defaultDepth: UInt32 = 20_000
    /// KiB of one match.
    public static let defaultHeapKiB: UInt32 = 4096
    /// JIT stack of one scratch, bytes: reserved, and touched only as far as used.
    public static let jitStackBytes = 256 << 10

    public static let `default` = MatchLimits()

    /// The steps that a search may take at each of `places`.
    func steps(searching places: Int) -> UInt32 {
        places <= 1 ? steps : min(steps, max(1, searchSteps / UInt32(clamping: places)))
    }
}
