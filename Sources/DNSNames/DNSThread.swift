import Glibc
import Names
import NIOConcurrencyHelpers
import SystemSupport
import Settings

/// The thread that resolves names, and the queue of its commands.
final class DNSThread: Sendable {
    typealias Completion = @Sendable (NameQueryResult) -> Void

    enum Command {
        case resolve(String, Completion)
        /// resolv.conf has changed.
        case reloadConfiguration
        case stop
    }

    private struct State {
        var commands: [Command] = []
        var stopped = false
        var watcher: FileWatcher?
    }

    private let state = NIOLockedValueBox(State())
    /// Bytes written here wake the thread.
    private let wake: Int32

    /// - Throws: where the system has no descriptors left.
    init(_ options: DNSOptions) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw SystemError("pipe", errno: errno)
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        let readEnd = ends[0]
        wake = ends[1]
        // The thread closes the descriptors at its end, and keeps `self` until then.
        BlockingThread.start { [self] in
            var eventLoop = DNSEventLoop(options)
            eventLoop.run(wake: readEnd) { self.takeCommands() }
            close(readEnd)
            close(wake)
        }
        if options.servers == nil || options.settings.search == nil {
            let watcher = try? FileWatcher(path: "/etc/resolv.conf") { [weak self] in
                self?.post(.reloadConfiguration)
                return true
            }
            state.withLockedValue { $0.watcher = watcher }
        }
    }

    func resolve(_ name: String, completion: @escaping Completion) {
        if !post(.resolve(name, completion)) {
            completion(.failed(NameProblem(.unavailable, "dns: stopped")))
        }
    }

    func stop() {
        post(.stop)
        state.withLockedValue { $0.watcher }?.stop()
    }

    /// - Returns: false when the thread has been stopped.
    @discardableResult
    private func post(_ command: Command) -> Bool {
        state.withLockedValue { state in
            guard !state.stopped else { return false }
            if case .stop = command { state.stopped = true }
            state.commands.append(command)
            var byte: UInt8 = 0
            // A full pipe also wakes the thread.
            _ = write(wake, &byte, 1)
            return true
        }
    }

    private func takeCommands() -> [Command] {
        state.withLockedValue { state in
            defer { state.commands = [] }
            return state.commands
        }
    }
}
