import NIOCore
import TestSupport
import Testing

@testable import Operations

@Suite struct UpgradeMachineTests {
    private static let start = NIODeadline.uptimeNanoseconds(1)
    private static let times = UpgradeMachine.Times(
        start: .seconds(60),
        trial: .seconds(1),
        settling: .seconds(10)
    )
    private var machine = UpgradeMachine(Self.times, now: Self.start)

    @discardableResult
    private mutating func at(_ seconds: Int64, _ event: UpgradeMachine.Event) -> [UpgradeMachine.Action] {
        machine.handle(event, now: Self.start + .seconds(seconds))
    }

    private mutating func expect(
        at seconds: Int64,
        _ event: UpgradeMachine.Event,
        _ expected: [UpgradeMachine.Action],
        _ comment: Comment? = nil,
        location: SourceLocation = #_sourceLocation
    ) {
        let actions = at(seconds, event)
        #expect(actions == expected, comment, sourceLocation: location)
    }

    @Test
    mutating func
        `A take-over that goes well holds, commits after the trial, and finishes once it is settled`()
    {
        expect(at: 1, .tick, [])
        expect(at: 5, .accepting, [.hold])
        expect(at: 5, .tick, [])
        expect(at: 6, .tick, [.commit])
        expect(at: 6, .tick, [])
        expect(at: 7, .settled, [.finish])
        #expect(machine.isOver)
    }

    @Test mutating func `A new process that does not report its end of settling has the tier all the same`() {
        at(5, .accepting)
        at(6, .tick)
        expect(at: 15, .tick, [])
        expect(at: 16, .tick, [.finish])
    }

    @Test mutating func `One that ends before it accepts changes nothing`() {
        expect(at: 3, .closed, [.kill, .fail(.ended)])
        #expect(machine.isOver)
    }

    @Test mutating func `One that hangs is ended at its deadline`() {
        expect(at: 59, .tick, [])
        expect(at: 60, .tick, [.kill, .fail(.late)])
    }

    @Test mutating func `One that ends during its trial leaves the sockets with the process before`() {
        at(5, .accepting)
        expect(at: 5, .closed, [.resume, .kill, .fail(.ended)])
    }

    @Test mutating func `One that ends while it takes the control socket has it taken back`() {
        at(5, .accepting)
        at(6, .tick)
        expect(at: 7, .closed, [.resume, .restore, .kill, .fail(.ended)])
    }

    @Test mutating func `The end of the process before ends a new process that has nothing yet`() {
        expect(at: 1, .cancelled, [.kill, .fail(.cancelled)])
    }

    @Test mutating func `The end of the process before lets a new process that accepts finish what it has`() {
        at(5, .accepting)
        expect(at: 5, .cancelled, [.commit, .terminate, .finish])
        #expect(machine.isOver)
    }

    @Test mutating func `The end of the process before waits for a new process that takes the tier`() {
        at(5, .accepting)
        at(6, .tick)
        expect(at: 6, .cancelled, [])
        expect(at: 7, .settled, [.finish])
    }

    @Test mutating func `A process that is to end takes back what a new process has left`() {
        at(5, .accepting)
        at(6, .tick)
        at(6, .cancelled)
        expect(at: 7, .closed, [.resume, .restore, .kill, .fail(.ended)])
    }

    @Test(arguments: [UpgradeMachine.Event.accepting, .settled, .closed, .tick, .cancelled])
    mutating func `After the end nothing happens`(event: UpgradeMachine.Event) {
        at(1, .closed)
        expect(at: 100, event, [])
    }

    @Test mutating func `What comes twice or too early means nothing`() {
        expect(at: 1, .settled, [])
        expect(at: 2, .accepting, [.hold])
        expect(at: 2, .accepting, [])
        expect(at: 2, .settled, [])
        expect(at: 3, .tick, [.commit])
        expect(at: 3, .accepting, [])
        expect(at: 4, .settled, [.finish])
    }

    /// Whatever happens in whatever order: either the new process has the tier and nothing is taken back, or the process
    /// before has all that it had.
    @Test(arguments: 0..<200 as Range<UInt64>)
    mutating func `A take-over ends in one way or the other`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var (holds, committed, outcomes) = (false, false, 0)
        var now: Int64 = 0
        for _ in 0..<300 {
            now += Int64.random(in: 0...3, using: &random)
            let events: [UpgradeMachine.Event] = [
                .tick, .tick, .tick, .tick, .accepting, .settled, .closed, .cancelled,
            ]
            let event = events[Int.random(in: events.indices, using: &random)]
            for action in at(now, event) {
                switch action {
                case .hold: holds = true
                case .resume: holds = false
                case .commit: committed = true
                case .restore: committed = false
                case .terminate, .kill: break
                case .finish:
                    outcomes += 1
                    #expect(holds && committed, "seed \(seed)")
                case .fail:
                    outcomes += 1
                    #expect(!holds && !committed, "seed \(seed)")
                }
            }
        }
        #expect(outcomes <= 1, "seed \(seed)")
    }
}
