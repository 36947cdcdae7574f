package import Names
import NIOConcurrencyHelpers
import RegistryClient
package import Settings

/// The names of the containers of one engine, live. Any thread.
package final class ContainerNames: LiveNameSource {
    private struct Running {
        let engine: EngineClient
        let runner: MachineRunner<ContainersMachine>
    }

    private let settings: ContainersSettings
    private let running = NIOLockedValueBox<Running?>(nil)

    package init(_ settings: ContainersSettings) { self.settings = settings }

    package func start(_ emit: @escaping @Sendable (NameSourceUpdate) -> Void) {
        do throws(RegistryError) {
            let engine = try EngineClient(socket: settings.socket, maxContainers: settings.maxContainers)
            let machine = ContainersMachine(
                naming: ContainerNaming(network: settings.network, onlyLabelled: settings.onlyLabelled),
                sharesNames: settings.sharedNames,
                maxContainers: settings.maxContainers
            )
            let runner = MachineRunner(machine) { token, request, feed in
                await engine.perform(request, token, feed)
            } emit: { update in
                emit(update)
            }
            running.withLockedValue { $0 = Running(engine: engine, runner: runner) }
            Task { await runner.handle(.started) }
        } catch {
            emit(.down(reason: error.description))
        }
    }

    package func stop() {
        guard let running = running.withLockedValue({ $0 }) else { return }
        Task {
            await running.runner.stop()
            await running.engine.shutDown()
        }
    }
}

extension EngineClient {
    /// Performs one request of the machine.
    ///
    /// - Parameter feed: receives the events of the engine.
    fileprivate func perform(
        _ request: ContainersMachine.Request,
        _ token: RequestToken,
        _ feed: @Sendable (ContainersMachine.Event) async -> Void
    ) async -> ContainersMachine.Event {
        do throws(Failure) {
            switch request {
            case .list: return .listed(token, try await list())
            case .inspect(let id):
                guard let facts = try await inspect(id) else { return .missing(token) }
                return .inspected(token, facts)
            case .follow:
                throw await follow { id, change in await feed(.changed(token, id: id, change)) }
            }
        } catch {
            switch error {
            case .engine(let reason): return .failed(token, reason)
            case .description(let reason): return .unreadable(token, reason)
            }
        }
    }
}
