/// A state machine that follows or maintains something in a registry: events in, actions out, no I/O.
package protocol RegistryMachine: ~Copyable, Sendable {
    associatedtype Event: RegistryMachineEvent
    /// What the machine sends to the registry.
    associatedtype Request: Sendable
    /// What the machine reports to its owner.
    associatedtype Output: Sendable

    /// - Parameters:
    ///   - now: the time since any fixed moment; it never goes back.
    ///   - random: any 64 bits.
    mutating func handle(
        _ event: Event,
        now: Duration,
        random: UInt64
    ) -> [MachineAction<Request, Output>]
}

/// The events that every machine has.
package protocol RegistryMachineEvent: Sendable {
    static var started: Self { get }
    /// The moment of the last `MachineAction.wake` has come.
    static var timer: Self { get }
    static var stopped: Self { get }
}

package enum MachineAction<Request: Sendable, Output: Sendable>: Sendable {
    case send(RequestToken, Request)
    case cancel(RequestToken)
    /// Requests the event `timer` at this moment; replaces an earlier request.
    case wake(at: Duration)
    case emit(Output)
}

extension MachineAction: Equatable where Request: Equatable, Output: Equatable {}
