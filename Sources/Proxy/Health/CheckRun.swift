import Balancing
import HTTP1
import NIOCore
import PCRE2
import ProxyCore
import Routing
import Transports

/// Makes a connection for a check and calls `done`, at once or later, on the same event loop.
typealias CheckConnect = (
    _ endpoint: Endpoint,
    _ link: UpstreamLink,
    _ timeout: TimeAmount,
    _ done: @escaping (Result<any Transport, Failure>) -> Void
) -> Void

/// What the checks of one event loop share.
final class CheckScratch {
    var head = ResponseHead()
    let match = MatchScratch()
}

/// One check under way, on a connection of its own, which no request of a client ever uses. On its event loop alone.
final class CheckRun: TransportOwner {
    enum Ending: Equatable, Sendable {
        case outcome(CheckMachine.Outcome)
        /// Nothing is known: the process is short of descriptors.
        case abandoned
    }

    private let check: PreparedCheck
    private let scratch: CheckScratch
    private let clock: () -> NIODeadline
    private let deadline: NIODeadline
    private var machine: CheckMachine
    private var transport: (any Transport)?
    /// Nil after the end.
    private var done: ((Ending) -> Void)?

    /// - Parameter done: called once, at once or later, unless the check is cancelled before.
    init(
        _ check: PreparedCheck,
        scratch: CheckScratch,
        clock: @escaping () -> NIODeadline,
        done: @escaping (Ending) -> Void
    ) {
        self.check = check
        self.scratch = scratch
        self.machine = CheckMachine(check)
        self.clock = clock
        self.deadline = clock() + TimeAmount(check.check.timeout)
        self.done = done
    }

    func start(_ connect: CheckConnect) {
        if let flaw = check.flaw { return end(.outcome(.failure(flaw))) }
        connect(check.endpoint, check.link, TimeAmount(check.check.timeout)) { [self] result in
            switch result {
            case .success(let transport):
                guard done != nil else { return transport.close() }
                begin(transport)
            case .failure(let failure):
                let isShortage = failure.reason == .outOfDescriptors
                end(isShortage ? .abandoned : .outcome(.failure(failure.word)))
            }
        }
    }

    private func begin(_ transport: any Transport) {
        self.transport = transport
        guard let request = machine.connected() else { return end(.outcome(.success)) }
        transport.owner = self
        transport.write(request)
        transport.flush()
        transport.awaitInput()
    }

    /// Ends it where it takes too long.
    func tick(now: NIODeadline) {
        if now >= deadline { end(Self.late) }
    }

    private static let late = Ending.outcome(.failure("check_timeout"))

    /// Its result is of no more use, but whoever waits for it learns that there is none.
    func abandon() { end(.abandoned) }

    func cancel() {
        done = nil
        transport?.close()
        transport = nil
    }

    private func end(_ ending: Ending) {
        guard let done else { return }
        cancel()
        done(ending == .outcome(.success) && clock() > deadline ? Self.late : ending)
    }

    // MARK: TransportOwner

    var acceptsBytes: Bool { true }

    func received(_ bytes: inout ByteBuffer) {
        guard done != nil else { return }
        let outcome = machine.received(&bytes, head: &scratch.head, scratch: scratch.match)
        if let outcome { end(.outcome(outcome)) }
    }

    func readCompleted() {}

    func becameWritable() {}

    func inputEnded() { end(.outcome(machine.inputEnded(scratch: scratch.match))) }

    /// An orderly end is reported by `inputEnded` before.
    func closed(failed: Bool) { end(.outcome(.failure(Failure.Reason.connectionReset.rawValue))) }
}

extension Failure {
    /// What of it says most in one word.
    fileprivate var word: String {
        switch reason {
        case .tlsFailed, .tlsCertificate, .tlsAlert: detail ?? reason.rawValue
        default: reason.rawValue
        }
    }
}
