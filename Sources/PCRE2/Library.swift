// UNSAFE: the one place that hands pointers to libpcre2. What is guaranteed here:
// - compiled code is written before any other thread can see it, and then never: PCRE2 reads
//   it from any number of threads at once (pcre2api(3), "Multithreading");
// - a `MatchScratch` is of one thread (it is not Sendable) and outlives every call with it;
// - a subject's pointer does not outlive the call that gets it;
// - offsets are read within the match data's own count of pairs.

import CPCRE2
import Synchronization

/// Owns a compiled pattern.
final class Code: @unchecked Sendable {
    enum Mode {
        /// Machine code; the interpreter where there is none, or not yet.
        case jit
        /// As `jit`, but not the interpreter for want of having been asked before.
        case machine
        /// Partial matches are preferred. Interpreter.
        case partial
    }

    enum Status {
        /// How many leading groups have offsets, the whole match included.
        case matched(groups: Int)
        case partial
        case noMatch
        case limit(MatchLimit)
        case failed(Int32)
    }

    /// For the interpreter.
    private let code: OpaquePointer
    /// A copy with machine code, or `code` where PCRE2 makes none; nil until it is asked for.
    ///
    /// Threads that ask at once each make one, and the first to be ready is kept: nobody waits.
    private let machine = Atomic<OpaquePointer?>(nil)
    /// How many matches the interpreter has done.
    private let interpreted = Atomic<UInt8>(0)

    /// Matches after which machine code is worth its making. Until then a pattern that is seldom
    /// asked costs neither the time nor the memory.
    private static let interpretedMatches: UInt8 = 8
    /// Groups, without the whole match.
    let captureCount: Int
    /// Whether a match can begin at the subject's first byte only.
    let isAnchored: Bool

    init(
        _ text: String,
        options: PatternOptions,
        anchorEnd: Bool = true
    ) throws(PatternError) {
        var flags = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_DOLLAR_ENDONLY
        if options.contains(.caseless) { flags |= PCRE2_CASELESS }
        if options.contains(.wholeSubject) {
            flags |= UInt32(PCRE2_ANCHORED)
            if anchorEnd { flags |= PCRE2_ENDANCHORED }
        }
        var status: Int32 = 0
        var offset = 0
        let bytes = Array(text.utf8)
        let compiled = bytes.withUnsafeBufferPointer { pattern in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { empty in
                empty[0] = 0
                return pcre2_compile_8(
                    pattern.baseAddress ?? UnsafePointer(empty.baseAddress),
                    pattern.count,
                    flags,
                    &status,
                    &offset,
                    nil
                )
            }
        }
        guard let compiled else {
            throw PatternError(message: Self.message(status), offset: min(offset, bytes.count))
        }
        self.code = compiled
        // Machine code of PCRE2 10.42 lets `(*ACCEPT)` end a match before the end that it is anchored to.
        if flags & UInt32(PCRE2_ENDANCHORED) != 0, text.contains("(*ACCEPT") {
            machine.store(compiled, ordering: .releasing)
        }
        var count: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        self.captureCount = Int(count)
        var allOptions: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_ALLOPTIONS), &allOptions)
        self.isAnchored = allOptions & UInt32(PCRE2_ANCHORED) != 0
    }

    deinit {
        let machine = machine.load(ordering: .acquiring)
        if machine != code { pcre2_code_free_8(machine) }
        pcre2_code_free_8(code)
    }

    var usesJIT: Bool { withMachine != code }

    func prepare() {
        _ = withMachine
    }

    /// Machine code where there is some or it is time for it.
    private var suitable: OpaquePointer {
        if let machine = machine.load(ordering: .acquiring) { return machine }
        let (count, _) = interpreted.wrappingAdd(1, ordering: .relaxed)
        return count < Self.interpretedMatches ? code : withMachine
    }

    private var withMachine: OpaquePointer {
        machine.load(ordering: .acquiring) ?? makeMachine()
    }

    @inline(never) private func makeMachine() -> OpaquePointer {
        var made = code
        if let copy = pcre2_code_copy_8(code) {
            if pcre2_jit_compile_8(copy, PCRE2_JIT_COMPLETE) == 0 {
                made = copy
            } else {
                pcre2_code_free_8(copy)
            }
        }
        let (exchanged, first) = machine.compareExchange(
            expected: nil,
            desired: made,
            ordering: .acquiringAndReleasing
        )
        guard !exchanged, let first else { return made }
        if made != code { pcre2_code_free_8(made) }
        return first
    }

    /// Each entry of PCRE2's name table: the number in two bytes, the name, a NUL.
    var captureNames: [(name: String, number: Int)] {
        var count: UInt32 = 0
        var size: UInt32 = 0
        var table: UnsafePointer<UInt8>?
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
        pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard let table, size > 2 else { return [] }
        var names: [(name: String, number: Int)] = []
        for index in 0..<Int(count) {
            let entry = UnsafeBufferPointer(start: table + index * Int(size), count: Int(size))
            let name = entry.dropFirst(2).prefix { $0 != 0 }
            names.append((String(decoding: name, as: UTF8.self), Int(entry[0]) << 8 | Int(entry[1])))
        }
        return names.sorted { $0.number < $1.number }
    }

    func match(
        _ subject: Span<UInt8>,
        scratch: MatchScratch,
        limits: MatchLimits,
        steps: UInt32,
        mode: Mode
    ) -> Status {
        scratch.prepare(pairs: captureCount + 1, limits: limits, steps: steps)
        guard let data = scratch.data, let context = scratch.context else {
            return .failed(PCRE2_ERROR_NOMEMORY)
        }
        let status = subject.withUnsafeBufferPointer { bytes in
            switch mode {
            case .jit, .machine:
                let machine = mode == .jit ? suitable : withMachine
                // An empty subject may come without an address: since 10.40 that is an empty subject.
                if machine != code, bytes.baseAddress != nil {
                    return pcre2_jit_match_8(
                        machine,
                        bytes.baseAddress,
                        bytes.count,
                        0,
                        0,
                        data,
                        context
                    )
                }
                return pcre2_match_8(
                    code,
                    bytes.baseAddress,
                    bytes.count,
                    0,
                    PCRE2_NO_JIT,
                    data,
                    context
                )
            case .partial:
                return pcre2_match_8(
                    code,
                    bytes.baseAddress,
                    bytes.count,
                    0,
                    PCRE2_NO_JIT | PCRE2_PARTIAL_HARD,
                    data,
                    context
                )
            }
        }
        // The two count steps differently: what machine code says is what counts.
        if mode == .jit, status < 0, status != PCRE2_ERROR_NOMATCH, machine.load(ordering: .acquiring) == nil
        {
            return match(subject, scratch: scratch, limits: limits, steps: steps, mode: .machine)
        }
        return Self.status(status)
    }

    private static func status(_ status: Int32) -> Status {
        if status > 0 { return .matched(groups: Int(status)) }
        switch status {
        case PCRE2_ERROR_NOMATCH: return .noMatch
        case PCRE2_ERROR_PARTIAL: return .partial
        case PCRE2_ERROR_MATCHLIMIT: return .limit(.steps)
        case PCRE2_ERROR_DEPTHLIMIT: return .limit(.depth)
        case PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_NOMEMORY: return .limit(.heap)
        case PCRE2_ERROR_JIT_STACKLIMIT: return .limit(.jitStack)
        default: return .failed(status)
        }
    }

    private static func message(_ status: Int32) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            let count = pcre2_get_error_message_8(status, buffer.baseAddress, buffer.count)
            guard count > 0 else { return "PCRE2 error \(status)" }
            return String(decoding: buffer.prefix(Int(count)), as: UTF8.self)
        }
    }
}

/// What a thread needs to match: working memory for any number of patterns, one match at a time.
///
/// Make one for each thread or event loop and keep it.
public final class MatchScratch {
    fileprivate var data: OpaquePointer?
    fileprivate let context: OpaquePointer?
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

    fileprivate func prepare(pairs needed: Int, limits: MatchLimits, steps: UInt32) {
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

    /// Where the last match ended.
    var matchEnd: Int {
        guard let data, pairs > 0, let offsets = pcre2_get_ovector_pointer_8(data) else { return 0 }
        return offsets[1]
    }

    /// The last match's ranges: `set` groups have offsets, `count` is asked for.
    ///
    /// - Parameters:
    ///   - offset: where the subject began in what the ranges are of.
    ///   - whole: what group 0 is, if not what was matched.
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
