/// The thin shell around a machine: performs its actions, and feeds it their results and the time.
package actor MachineRunner<Machine: RegistryMachine & ~Copyable> {
    /// Performs one request; runs in a task of its own, which is cancelled with the request.
    ///
    /// The last argument feeds events of a stream while the request runs: it returns when the machine has
    /// handled the event, so that a stream is read no faster than its events are handled.
    ///
    /// - Returns: the event that ends the request.
    package typealias Perform =
        @Sendable (RequestToken, Machine.Request, @Sendable (Machine.Event) async -> Void) async ->
        Machine.Event

    private let perform: Perform
    private let emit: @Sendable (Machine.Output) -> Void
    private let start = ContinuousClock.now
    private var machine: Machine
    private var requests: [RequestToken: Task<Void, Never>] = [:]
    private var timer: Task<Void, Never>?

    /// - Parameter emit: receives the machine's outputs in order, on any thread.
    package init(
        _ machine: consuming Machine,
        perform: @escaping Perform,
        emit: @escaping @Sendable (Machine.Output) -> Void
    ) {
        self.machine = machine
        self.perform = perform
        self.emit = emit
    }

    package func handle(_ event: Machine.Event) {
        let actions = machine.handle(
            event,
            now: ContinuousClock.now - start,
            random: .random(in: .min ... .max)
        )
        for action in actions { perform(action) }
    }

    /// Reads the machine's state.
    package func read<Value: Sendable>(_ body: @Sendable (borrowing Machine) -> Value) -> Value {
        body(machine)
    }

    /// Stops the machine, and with it its timer.
    package func stop() {
        handle(.stopped)
        timer?.cancel()
        timer = nil
    }

    private func perform(_ action: MachineAction<Machine.Request, Machine.Output>) {
        switch action {
        case .emit(let output): emit(output)
        case .cancel(let token): requests.removeValue(forKey: token)?.cancel()
        case .wake(let moment):
            timer?.cancel()
            let at = start + moment
            timer = Task {
                guard (try? await Task.sleep(until: at, clock: .continuous)) != nil else { return }
                self.handle(.timer)
            }
        case .send(let token, let request):
            let perform = perform
            requests[token] = Task {
                let event = await perform(token, request) { await self.handle($0) }
                self.requests[token] = nil
                self.handle(event)
            }
        }
    }
}
