import ArgumentParser
import Operations

/// `berth names watch`
struct NamesWatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print all names, then each change as it happens, one line for each name."
    )
    @OptionGroup var options: NamesOptions

    func run() async throws {
        let inspector = try options.inspector()
        let json = options.json
        let changes = inspector.changes()
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await Signals.termination() }
            tasks.addTask {
                for await change in changes { Terminal.output(json ? change.json : change.text) }
            }
            defer { tasks.cancelAll() }
            await tasks.next()
        }
        await inspector.stop()
    }
}
