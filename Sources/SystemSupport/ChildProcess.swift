import CProcess
import Glibc

/// A process that this one has started.
package struct ChildProcess: Sendable {
    /// How a process ended.
    package enum End: Sendable, Equatable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        init(_ status: Int32) {
            self = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: status & 0x7F)
        }

        package var description: String {
            switch self {
            case .exited(let code): "ended with exit code \(code)"
            case .killed(let signal): "was ended by signal \(signal)"
            }
        }
    }

    package let identifier: Int32

    /// A pipe for a program's standard error; both ends belong to the caller.
    package static func pipe() throws(SystemError) -> (input: Int32, output: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SystemError("pipe2", errno: errno) }
        return (ends[0], ends[1])
    }

    /// Starts a program, with signals as a fresh program has them and with this process's nice value.
    ///
    /// - Parameters:
    ///   - path: of the program.
    ///   - arguments: with its name, which comes first.
    ///   - environment: `NAME=VALUE`.
    ///   - descriptors: what the program has from descriptor 3 on, in this order. It has descriptors 0 and 1 of this
    ///     process, and no others.
    ///   - errors: its standard error.
    package static func start(
        _ path: String,
        arguments: [String],
        environment: [String],
        descriptors: [Int32],
        errors: Int32
    ) throws(SystemError) -> ChildProcess {
        // Above all numbers that they get: none replaces another.
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        for descriptor in descriptors + [errors] {
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, Int32(descriptors.count) + 3)
            guard copy >= 0 else { throw SystemError("fcntl", errno: errno) }
            copies.append(copy)
        }
        var actions = posix_spawn_file_actions_t()
        guard posix_spawn_file_actions_init(&actions) == 0 else {
            throw SystemError("posix_spawn", errno: ENOMEM)
        }
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (index, copy) in copies.enumerated() {
            let number = index < descriptors.count ? Int32(index) + 3 : STDERR_FILENO
            posix_spawn_file_actions_adddup2(&actions, copy, number)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, Int32(descriptors.count) + 3)
        var attributes = posix_spawnattr_t()
        guard posix_spawnattr_init(&attributes) == 0 else { throw SystemError("posix_spawn", errno: ENOMEM) }
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var standard = sigset_t()
        sigemptyset(&standard)
        for signal in [SIGTERM, SIGINT, SIGPIPE, SIGCHLD] { sigaddset(&standard, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &standard)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        // A program inherits that of the thread, and Dispatch has its own for each. The thread keeps this one: it may not
        // be allowed to go back.
        let which = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(which, 0, getpriority(which, id_t(getpid())))
        var identifier = pid_t()
        let code = withStrings(arguments) { arguments in
            withStrings(environment) { environment in
                posix_spawn(&identifier, path, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else { throw SystemError(path, errno: code) }
        return ChildProcess(identifier: identifier)
    }

    private static func withStrings<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers)
    }

    /// Lets it end in order.
    package func terminate() { Glibc.kill(identifier, SIGTERM) }

    /// Ends it at once.
    package func kill() { Glibc.kill(identifier, SIGKILL) }

    /// Waits for its end. Blocks. Once it has returned an end, it must not be called again.
    ///
    /// - Returns: nil: it still runs after `limit`.
    package func end(within limit: Duration) -> End? {
        let deadline = ContinuousClock.now + limit
        var status: Int32 = 0
        while true {
            let result = waitpid(identifier, &status, WNOHANG)
            if result == identifier { return End(status) }
            // Somebody else has waited for it.
            if result < 0, errno != EINTR { return .exited(0) }
            if ContinuousClock.now >= deadline { return nil }
            usleep(5000)
        }
    }
}
