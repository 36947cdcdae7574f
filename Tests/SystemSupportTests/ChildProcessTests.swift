import Foundation
import Glibc
import Testing

@testable import SystemSupport

@Suite struct ChildProcessTests {
    private func start(
        _ script: String,
        descriptors: [Int32] = [],
        environment: [String] = []
    ) throws -> (process: ChildProcess, errors: FileHandle) {
        let pipe = Pipe()
        let process = try ChildProcess.start(
            "/bin/sh",
            arguments: ["sh", "-c", script],
            environment: environment,
            descriptors: descriptors,
            errors: pipe.fileHandleForWriting.fileDescriptor
        )
        try pipe.fileHandleForWriting.close()
        return (process, pipe.fileHandleForReading)
    }

    private func output(_ errors: FileHandle) throws -> String {
        String(decoding: try errors.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test func `It has the descriptors that it was given, in order, and no others`() throws {
        let (one, other) = (Pipe(), Pipe())
        let descriptors = [other, one].map(\.fileHandleForWriting.fileDescriptor)
        let script = "echo first >&3; echo second >&4; (echo none >&5) 2>/dev/null || echo closed >&2"
        let (process, errors) = try start(script, descriptors: descriptors)
        try one.fileHandleForWriting.close()
        try other.fileHandleForWriting.close()
        #expect(try output(errors) == "closed\n")
        #expect(try output(other.fileHandleForReading) == "first\n")
        #expect(try output(one.fileHandleForReading) == "second\n")
        #expect(process.end(within: .seconds(10)) == .exited(0))
    }

    @Test func `It has the environment that it was given, and ends as it ends`() throws {
        let (process, errors) = try start("echo \"$ONE $HOME\" >&2; exit 7", environment: ["ONE=1 = one"])
        #expect(try output(errors) == "1 = one \n")
        #expect(process.end(within: .seconds(10)) == .exited(7))
        #expect(ChildProcess.End.exited(7).description == "ended with exit code 7")
    }

    @Test func `Signals reach it although this process ignores them, and it can be ended`() throws {
        let before = signal(SIGTERM, SIG_IGN)
        defer { signal(SIGTERM, before) }
        let (process, _) = try start("kill -TERM $$; sleep 60")
        #expect(process.end(within: .seconds(10)) == .killed(signal: SIGTERM))
        let (other, _) = try start("sleep 60")
        #expect(other.end(within: .zero) == nil)
        other.kill()
        #expect(other.end(within: .seconds(10)) == .killed(signal: SIGKILL))
    }

    @Test(.enabled(if: geteuid() == 0))
    func `It has the nice value of the process, whatever that of the thread is`() async throws {
        let which = __priority_which_t(PRIO_PROCESS.rawValue)
        let text = try await withCheckedThrowingContinuation { continuation in
            // A thread of its own: it ends with its nice value.
            BlockingThread.start {
                _ = setpriority(which, 0, 7)
                continuation.resume(
                    with: Result {
                        let script = "read -r all </proc/self/stat; set -- $all; echo ${19} >&2"
                        let (process, errors) = try start(script)
                        #expect(process.end(within: .seconds(10)) == .exited(0))
                        return try output(errors)
                    }
                )
            }
        }
        #expect(text == "\(getpriority(which, id_t(getpid())))\n")
    }

    @Test func `A program that is not there is not started`() {
        #expect(throws: SystemError("/nowhere", errno: ENOENT)) {
            try ChildProcess.start("/nowhere", arguments: ["x"], environment: [], descriptors: [], errors: 2)
        }
    }
}

@Suite struct ProgramPathTests {
    private func find(_ argument: String) -> String? {
        ProgramPath.find(argument, in: "/home/a", searchPath: "/bin::local:/usr/bin") { path in
            ["/usr/bin/berth", "/home/a/own", "local/two"].contains(path)
        }
    }

    @Test func `A program is found as a shell finds it`() {
        #expect(find("/opt/berth") == "/opt/berth")
        #expect(find("./berth") == "/home/a/./berth")
        #expect(find("berth") == "/usr/bin/berth")
        #expect(find("own") == "/home/a/own")
        #expect(find("two") == "/home/a/local/two")
        #expect(find("none") == nil)
    }
}
