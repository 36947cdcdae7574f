import PCRE2
import Testing

/// A pattern becomes machine code while it is asked: threads that ask for it at the same time must all get
/// the right answer, and the thread sanitizer must have nothing to say.
@Suite struct FirstMatchTests {
    /// Enough that a pattern goes from the interpreter to machine code while all are asking.
    private static let asks = 40
    private static let patterns = 60

    private static func subject(_ number: Int) -> (host: String, app: String?) {
        number % 3 == 0
            ? ("no_\(number)", nil) : ("app\(number)_c\(number % 7)_01.test.priv", "app\(number)")
    }

    /// - Parameter threads: how many ask each pattern at once, each with a scratch of its own.
    @Test(arguments: [2, 4])
    func `Threads that ask a new pattern at once all get the right answers`(threads: Int) async throws {
        for pattern in 0..<Self.patterns {
            let pattern = try Pattern(
                #"^(?<app>[a-z0-9]+)_c([0-9]|x\#(pattern))_(?<host>[0-9]{2})\.test\.priv$"#,
                options: [.caseless, .wholeSubject]
            )
            let wrong = await withTaskGroup(of: Int.self) { group in
                for thread in 0..<threads {
                    group.addTask { Self.ask(pattern, from: thread) }
                }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0, "\(pattern.text)")
            #expect(pattern.usesJIT)
        }
    }

    @Test func `One prepares a pattern while others match it`() async throws {
        for number in 0..<Self.patterns {
            let pattern = try Pattern(
                #"^(?<app>[a-z0-9]+)_c\d_(?:01|p\#(number))\.test\.priv$"#,
                options: [.wholeSubject]
            )
            let wrong = await withTaskGroup(of: Int.self) { group in
                group.addTask {
                    pattern.prepare()
                    return 0
                }
                for thread in 0..<2 { group.addTask { Self.ask(pattern, from: thread) } }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0, "\(pattern.text)")
        }
    }

    /// - Returns: how many answers were wrong.
    private static func ask(_ pattern: Pattern, from thread: Int) -> Int {
        let scratch = MatchScratch()
        var wrong = 0
        for ask in 0..<asks {
            let (host, app) = subject(thread &* 1_000 &+ ask)
            let bytes = Array(host.utf8)
            switch pattern.match(bytes.span, scratch: scratch) {
            case .matched(let ranges):
                let found = ranges[1].map { String(decoding: bytes[$0], as: UTF8.self) }
                if found != app { wrong += 1 }
            case .noMatch:
                if app != nil { wrong += 1 }
            case .limitExceeded, .failed:
                wrong += 1
            }
        }
        return wrong
    }
}
