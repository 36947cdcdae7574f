import Glibc
import Names
import NIOConcurrencyHelpers
import SystemSupport
import Settings

/// The thread on which names are asked for, and its letterbox.
final class DNSThread: Sendable {
    typealias Done = @Sendable (NameQueryResult) -> Void

    enum Command {
        case resolve(String, Done)
        /// resolv.conf has changed.
        case readAgain
        case stop
    }

    private struct State {
        var letters: [Command] = []
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
        let heard = ends[0]
        wake = ends[1]
        // The descriptors end with the thread, which holds this until it is told to stop.
        BlockingThread.start { [self] in
            var desk = DNSEventLoop(options)
            desk.run(wake: heard) { self.takeLetters() }
            close(heard)
            close(wake)
        }
        if options.servers == nil || options.settings.search == nil {
            let watcher = try? FileWatcher(path: "/etc/resolv.conf") { [weak self] in self?.post(.readAgain) }
            state.withLockedValue { $0.watcher = watcher }
        }
    }

    func resolve(_ name: String, done: @escaping Done) {
        if !post(.resolve(name, done)) {
            done(.failed(NameProblem(.unavailable, "dns: stopped")))
        }
    }

    func stop() {
        post(.stop)
        state.withLockedValue { $0.watcher }?.stop()
    }

    /// False when the thread takes no letters any more.
    @discardableResult
    private func post(_ letter: Command) -> Bool {
        state.withLockedValue { state in
            guard !state.stopped else { return false }
            if case .stop = letter { state.stopped = true }
            state.letters.append(letter)
            var byte: UInt8 = 0
            // A full pipe wakes the thread as well.
            _ = write(wake, &byte, 1)
            return true
        }
    }

    private func takeLetters() -> [Command] {
        state.withLockedValue { state in
            defer { state.letters = [] }
            return state.letters
        }
    }
}
