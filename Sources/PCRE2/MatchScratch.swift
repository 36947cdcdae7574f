// UNSAFE: with `Code` the one place that passes pointers to libpcre2. What is guaranteed here:
// - a scratch belongs to one thread (it is not Sendable) and outlives every call with it;
// - offsets are read within the match data's own count of pairs.

import CPCRE2

/// The working memory of matches: for any number of patterns, one match at a time.
///
/// Make one for each thread or event loop and keep it.
public final class MatchScratch {
    var data: OpaquePointer?
    let context: OpaquePointer?
    private let stack: OpaquePointer?
    private var pairs = 0
    private var limits: MatchLimits?
    private var steps: UInt32 = 0

    public init() {
        context = pcre2_match_context_create_8(nil)
        stack = pcre2_jit_stack_create_8(32 << 10, MatchLimits.jitStackBytes, nil)
        if let context, let stack {
            pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack))
        }
    }

    deinit {
        pcre2_match_data_free_8(data)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(stack)
    }

    func prepare(pairs needed: Int, limits: MatchLimits, steps: UInt32) {
        if needed > pairs {
            pcre2_match_data_free_8(data)
            pairs = max(needed, 16)
            data = pcre2_match_data_create_8(UInt32(pairs), nil)
        }
        if limits != self.limits, let context {
            pcre2_set_depth_limit_8(context, limits.depth)
            pcre2_set_heap_limit_8(context, limits.heapKiB)
            self.limits = limits
        }
        if steps != self.steps, let context {
            pcre2_set_match_limit_8(context, steps)
            self.steps = steps
        }
    }

    /// Where the last match began, whatever start `\K` reports.
    var matchStart: Int {
        guard let data else { return 0 }
        return pcre2_get_startchar_8(data)
    }

    /// Where the last match ended.
    var matchEnd: Int {
        guard let data, pairs > 0, let offsets = pcre2_get_ovector_pointer_8(data) else { return 0 }
        return offsets[1]
    }

    /// The last match's ranges of `count` groups, of which the first `set` have offsets.
    ///
    /// - Parameters:
    ///   - offset: the subject's position in the text that the ranges refer to.
    ///   - whole: the range of group 0, if it is not the match.
    func ranges(count: Int, set: Int, offset: Int, whole: Range<Int>?) -> MatchedRanges {
        guard let data, let offsets = pcre2_get_ovector_pointer_8(data) else {
            return MatchedRanges(count: 0) { _ in nil }
        }
        let known = min(set, pairs)
        return MatchedRanges(count: count) { number in
            if number == 0, let whole {
                return (UInt32(clamping: whole.lowerBound), UInt32(clamping: whole.upperBound))
            }
            guard number < known,
                let start = UInt32(exactly: offsets[number * 2]),
                let end = UInt32(exactly: offsets[number * 2 + 1])
            else { return nil }
            return (start + UInt32(clamping: offset), end + UInt32(clamping: offset))
        }
    }
}
