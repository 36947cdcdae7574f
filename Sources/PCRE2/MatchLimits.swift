/// What one match may cost before it ends without a result.
public struct MatchLimits: Hashable, Sendable {
    /// Steps from one position of the subject: PCRE2's match limit.
    public var steps: UInt32
    /// Steps of a search from all positions together. PCRE2 counts from 0 again at each position, so a search of a
    /// long subject has fewer steps at each.
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

    /// Steps of one match at one position: about a millisecond at worst.
    public static let defaultSteps: UInt32 = 50_000
    /// Steps of one search: about 20 milliseconds at worst. A subject of 320 bytes still has
    /// `defaultSteps` at each of its positions, one of 8 KiB about 2,000.
    public static let defaultSearchSteps: UInt32 = 16_000_000
    /// Nested backtracking points of one match.
    public static let defaultDepth: UInt32 = 20_000
    /// KiB of one match.
    public static let defaultHeapKiB: UInt32 = 4096
    /// JIT stack of one scratch, bytes: reserved, and touched only as far as used.
    public static let jitStackBytes = 256 << 10

    public static let `default` = MatchLimits()

    /// The steps that a search may take at each of `positions`.
    func steps(searching positions: Int) -> UInt32 {
        positions <= 1 ? steps : min(steps, max(1, searchSteps / UInt32(clamping: positions)))
    }
}
