// UNSAFE: with `MatchScratch` the one place that passes pointers to libpcre2. What is guaranteed here:
// - compiled code is written before any other thread can see it, and never after: PCRE2 reads it from any number
//   of threads at once (pcre2api(3), "Multithreading");
// - a subject's pointer does not outlive the call that receives it.

import CPCRE2
import Synchronization

/// Owns a compiled pattern.
///
/// Sendable: the compiled code is immutable, and what changes is atomic.
final class Code: @unchecked Sendable {
    enum Mode {
        /// Machine code; the interpreter where there is none, or not yet.
        case jit
        /// Like `jit`, but compiles machine code now instead of interpreting the first matches.
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
    /// A copy with machine code, or `code` where PCRE2 makes none; nil until it is needed.
    ///
    /// Threads that need it at once each make one, and the first that is ready is kept: no thread waits.
    private let machine = Atomic<OpaquePointer?>(nil)
    /// How many matches the interpreter has done.
    private let interpreted = Atomic<UInt8>(0)

    /// Matches after which machine code is worth its cost. A pattern that is seldom matched costs neither the time
    /// nor the memory.
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
        if options.contains(.anchoredEnd), anchorEnd { flags |= PCRE2_ENDANCHORED }
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
        if Self.hasVerb(bytes) { machine.store(compiled, ordering: .releasing) }
        var count: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        self.captureCount = Int(count)
        var allOptions: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_ALLOPTIONS), &allOptions)
        self.isAnchored = allOptions & UInt32(PCRE2_ANCHORED) != 0
    }

    /// Whether a pattern may have a verb such as `(*ACCEPT)` or `(*SKIP)`. Machine code of PCRE2 10.42 lets some of
    /// them end a match before the end that it is anchored to, or begin one after the start: the interpreter runs
    /// such a pattern.
    private static func hasVerb(_ text: [UInt8]) -> Bool {
        text.indices.dropLast().contains { index in
            text[index] == UInt8(ascii: "(") && text[index + 1] == UInt8(ascii: "*")
        }
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

    /// Machine code if there is some or enough matches were interpreted; else the interpreter's code.
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
            // PCRE2 also reports success where the pattern itself forbids machine code, and makes none.
            if pcre2_jit_compile_8(copy, PCRE2_JIT_COMPLETE) == 0, Self.hasMachineCode(copy) {
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

    private static func hasMachineCode(_ code: OpaquePointer) -> Bool {
        var size = 0
        return pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_JITSIZE), &size) == 0 && size > 0
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
                // An empty subject may have no address: PCRE2 accepts that from 10.40 on.
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
        // The two count steps differently: the result of machine code is the one that counts.
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
